// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// Joins its arguments as a stream would: cat("row ", 3, " of ", path).
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

std::string join(const std::vector<std::string>& parts, std::string_view between = ", ");
std::vector<std::string> split_text(std::string_view text, char at);
std::string lower(std::string_view text);
std::string trim(std::string_view text);

/// `value` with `digits` after the point; "-" where it is not finite; never "-0".
std::string fixed(double value, int digits);

/// The shortest text that reads back as the same number.
std::string exact(double value);

/// A duration for people: "41 s", "3 min 05 s", "2 h 10 min".
std::string duration_text(double seconds);

/// The whole text as a finite number (C locale); false where it is not one.
bool parse_double(std::string_view text, double& value);
bool parse_int(std::string_view text, int64_t& value);

/// Whether the text is UTF-8 (no surrogates, no longer forms than needed) without zero bytes, as
/// HDF5 and JSON want it.
bool is_plain_utf8(std::string_view text);

/// The known name nearest to `name` by edit distance, or "" where none is near (distance at most
/// 1/3 of its length + 1).
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// "unknown policy 'x' (known: a, b)", with "; did you mean 'a'?" where one is near.
std::string unknown_name(std::string_view kind,
                         std::string_view name,
                         const std::vector<std::string>& known);

}  // namespace evenray
