// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace evenray {

/// HDF5's checksum of a chunk, H5Z_FILTER_FLETCHER32: big-endian words of 16 bits modulo 65535.
/// Any single changed byte changes it.
uint32_t fletcher32(std::string_view bytes);

/// An image as its chunk holds it, behind the filters that a store may have been written with.
struct ChunkForm {
  bool deflated = false;
  bool checksum = false;  ///< Fletcher-32 of all before in the last four bytes, little-endian
};
/// gzip_level: used where deflated.
std::string make_chunk(std::string_view pixels, ChunkForm form, int gzip_level);
/// Exactly `bytes` bytes of pixels to `out`; false where the chunk does not hold them.
bool read_chunk(std::string_view chunk, ChunkForm form, void* out, size_t bytes);

}  // namespace evenray
