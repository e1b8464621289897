// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/files.hpp"

namespace evenray {

/// The seal is the last 64 bytes of a store file, after the bytes that HDF5 uses: size and CRC-32
/// of all bytes before it. HDF5 1.10 has no checksum over most of its metadata, and a flipped bit
/// there can crash or hang the library; the seal detects it before HDF5 opens the file.
inline constexpr uint64_t kSealBytes = 64;

enum class Seal { none, whole };

/// Computes the seal of a file that has none yet; reads the whole file. Throws 74.
std::string make_seal(const Path& path);
/// Appends a seal to a file. Throws 74.
void append_seal(const Path& path, const std::string& seal);

/// Checks a file's seal. Returns `none` for a file without a seal (another program's file, or one
/// whose seal was cut off completely). Throws 65 if the size differs or, with `read_all`, the
/// checksum; 66 if the file is missing.
Seal check_seal(const Path& path, bool read_all);

}  // namespace evenray
