// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// What the header of NumPy's .npy format (versions 1 to 3) says of an array in C order.
struct NpyHeader {
  size_t data_start = 0;  ///< bytes before the values
  std::string type;       ///< "<f8", "|u1", ...
  std::vector<uint64_t> shape;

  /// Bytes a value: the digits of the type.
  size_t value_bytes() const;
  /// Of all values; nullopt where that is more than 2^62.
  std::optional<uint64_t> data_bytes() const;
};

/// No header is longer than this.
inline constexpr size_t kMostNpyHeader = 4096 + 12;

/// From the first bytes of a file, kMostNpyHeader or all; nullopt where they are none, or those of
/// an array in Fortran's order, of more than 8 dimensions or of values that are no plain numbers.
std::optional<NpyHeader> read_npy_header(std::string_view head);

}  // namespace evenray
