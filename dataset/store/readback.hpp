// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>

#include "dataset/store/columns.hpp"

namespace evenray {

/// What was handed over to be written, by part: row for row the SHA-256 of the pixels and the
/// CRC-32 of what HDF5 was given for them.
struct HandedOver {
  const Columns& attributes;
  const std::string& content_digest;
  const std::array<std::vector<std::string>, 3>& digests;
  const std::array<std::vector<uint32_t>, 3>& checksums;
};

/// Reads a finished store that has no seal yet again, past HDF5 for its seal, through HDF5 to
/// compare: columns by digest, images by checksum. nullopt where it holds anything else.
std::optional<std::string> seal_of_what_reads_back(const Path& store,
                                                   const HandedOver& handed_over,
                                                   int threads);

}  // namespace evenray
