// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// The header of a file in NumPy's .npy format (versions 1 to 3) with an array in C order.
struct NpyHeader {
  size_t data_start = 0;        ///< number of bytes before the values
  std::string type;             ///< "<f8", "|u1", ...
  std::vector<uint64_t> shape;  ///< at most 8 dimensions

  /// Bytes per value: the digit of the type.
  size_t value_bytes() const;
  /// Bytes of all values; nullopt if more than 2^62.
  std::optional<uint64_t> data_bytes() const;
};

/// Largest size in bytes of a header, including the magic string.
inline constexpr size_t kMostNpyHeader = 4096 + 12;

/// Parses the header from the first kMostNpyHeader bytes of a file (or from all bytes of a shorter
/// file). Returns nullopt if this is not an .npy header, or if the array is in Fortran order, has
/// more than 8 dimensions or has values that are not plain numbers.
std::optional<NpyHeader> read_npy_header(std::string_view head);

}  // namespace evenray
