// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>

#include "core/files.hpp"
#include "core/npy.hpp"

namespace evenray {

/// One array of an .npz file, mapped from an unlinked temporary file that it was inflated into, so
/// that large sets need no memory. Copies share it. Thread-safe.
class NpzArray {
 public:
  NpzArray(NpyHeader header, std::shared_ptr<const void> bytes, const uint8_t* values)
      : header_(std::move(header)), bytes_(std::move(bytes)), values_(values) {}

  const std::string& type() const { return header_.type; }
  const std::vector<uint64_t>& shape() const { return header_.shape; }
  /// One after the other; as many bytes as type and shape say.
  const uint8_t* values() const { return values_; }

 private:
  NpyHeader header_;
  std::shared_ptr<const void> bytes_;
  const uint8_t* values_;
};

/// The arrays of an .npz file (np.savez, np.savez_compressed) by name. Hostile-safe: sizes are held
/// against what deflate can hold before anything is inflated, names are keys and never paths.
/// Throws 66 if it is missing, 65 for what is no such file or an array that is not whole, 74 where
/// the temporary folder (TMPDIR) has no room.
std::map<std::string, NpzArray> read_npz(const Path& path);

}  // namespace evenray
