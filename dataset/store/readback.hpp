// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>

#include "dataset/store/columns.hpp"

namespace evenray {

/// The content that was given to a StoreFileWriter. Per part and row: the SHA-256 of the pixels and
/// the CRC-32 of the bytes given to HDF5.
struct WrittenContent {
  const Columns& attributes;
  const std::string& content_digest;
  const std::array<std::vector<std::string>, 3>& digests;
  const std::array<std::vector<uint32_t>, 3>& checksums;
};

/// Reads back a finished file that has no seal yet and compares it with what was written: columns
/// by digest, images by checksum. Returns its seal; nullopt if anything differs or cannot be read.
std::optional<std::string> read_back_seal(const Path& store,
                                          const WrittenContent& written,
                                          int threads);

}  // namespace evenray
