// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>

#include "core/files.hpp"
#include "core/npy.hpp"

namespace evenray {

/// One array of an .npz file. It was inflated into an unlinked temporary file and is mapped from
/// there, so that large sets need no memory. Copies share the mapping. Thread-safe.
class NpzArray {
 public:
  NpzArray(NpyHeader header, std::shared_ptr<const void> bytes, const uint8_t* values)
      : header_(std::move(header)), bytes_(std::move(bytes)), values_(values) {}

  /// NumPy's type string ("|u1").
  const std::string& type() const { return header_.type; }
  const std::vector<uint64_t>& shape() const { return header_.shape; }
  /// The values in C order; type and shape determine the number of bytes.
  const uint8_t* values() const { return values_; }

 private:
  NpyHeader header_;
  std::shared_ptr<const void> bytes_;
  const uint8_t* values_;
};

/// Returns the arrays of an .npz file (np.savez, np.savez_compressed) by name. Safe for hostile
/// files: the stated sizes are checked against deflate's maximum ratio before anything is inflated,
/// and names are keys, never paths. Throws Exit::missing_input if the file is missing,
/// Exit::bad_data if it is not an .npz file or an array is incomplete, Exit::io if the temporary
/// folder (TMPDIR) has no room.
std::map<std::string, NpzArray> read_npz(const Path& path);

}  // namespace evenray
