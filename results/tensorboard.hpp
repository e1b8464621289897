// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/run_events.hpp"

namespace evenray {

/// TensorBoard reads each file whose name contains "tfevents".
inline constexpr const char* kTensorboardFile = "events.out.tfevents.evenray";

/// Returns the CRC-32C (Castagnoli) of `bytes`, as RFC 3720 defines it.
uint32_t crc32c(std::string_view bytes);

/// Returns `data` as one TFRecord: its length (8 bytes, little-endian), the masked CRC-32C of the
/// length, `data`, the masked CRC-32C of `data`.
std::string tf_record(std::string_view data);

/// Returns a TensorBoard event file: a record with the file version, then a record for each event,
/// with its step and its values as scalars (single precision). Wall times are 0, because
/// events.jsonl has none. The bytes are those of the Event messages that protobuf would write
/// (tensorflow/core/util/event.proto).
std::string tensorboard_file(const std::vector<LoggedEvent>& events);

}  // namespace evenray
