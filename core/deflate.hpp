// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace evenray {

/// Deflate shrinks no further: what claims to hold more is a lie.
inline constexpr size_t kMaxDeflateRatio = 1032;

/// zlib's format, as HDF5's deflate filter has it. level 1 to 9. Thread-safe.
std::string deflate(std::string_view bytes, int level);
/// Into exactly `bytes` bytes at `out`; false where `stored` gives anything else.
bool inflate(std::string_view stored, void* out, size_t bytes);

}  // namespace evenray
