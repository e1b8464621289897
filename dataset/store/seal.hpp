// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/files.hpp"

namespace evenray {

/// The last 64 bytes of a store, after what HDF5 itself uses: size and CRC-32 of all before.
/// HDF5 1.10 has no checksum over most of its bookkeeping, and a flipped bit there can crash or
/// hang the library; the seal tells before HDF5 looks.
inline constexpr uint64_t kSealBytes = 64;

enum class Seal { none, whole };

/// The seal for a file that has none yet: reads all of it. Throws 74.
std::string make_seal(const Path& path);
/// Throws 74.
void append_seal(const Path& path, const std::string& seal);

/// `none` for a file without a seal (other programs' files, or a seal that was cut off whole).
/// Throws 65 where the size differs, or, with `read_all`, the checksum; 66 where the file is
/// missing.
Seal check_seal(const Path& path, bool read_all);

}  // namespace evenray
