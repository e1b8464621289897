// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace evenray {

/// Returns HDF5's checksum of a chunk (H5Z_FILTER_FLETCHER32): Fletcher-32 over big-endian 16-bit
/// words, modulo 65535. It changes if any single byte changes.
uint32_t fletcher32(std::string_view bytes);

/// The filters that an image passed before it was written to its chunk, in this order.
struct ChunkForm {
  bool deflated = false;  ///< compressed with deflate
  bool checksum = false;  ///< the last four bytes are Fletcher-32 of the others, little-endian
};
/// Returns the chunk of an image. `gzip_level` is used only if `form` is deflated.
std::string make_chunk(std::string_view pixels, ChunkForm form, int gzip_level);
/// Writes the chunk's `bytes` bytes of pixels to `out`. Returns false if the chunk does not hold
/// exactly as many or its checksum is wrong.
bool read_chunk(std::string_view chunk, ChunkForm form, void* out, size_t bytes);

}  // namespace evenray
