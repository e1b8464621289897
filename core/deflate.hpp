// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace evenray {

/// The highest compression ratio that Deflate can reach. Data that declares a higher one is damaged
/// or malicious.
inline constexpr size_t kMaxDeflateRatio = 1032;

/// Compresses to zlib's format, which HDF5's deflate filter uses. `level`: 1 to 9. Thread-safe.
/// Throws 1 if compression fails.
std::string deflate(std::string_view bytes, int level);
/// Decompresses `stored` to `bytes` bytes at `out`. Returns false if `stored` is invalid or has
/// another size. Thread-safe.
bool inflate(std::string_view stored, void* out, size_t bytes);

}  // namespace evenray
