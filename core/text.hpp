// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// Concatenates its arguments as a stream prints them: cat("row ", 3, " of ", path).
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Joins `parts` with `between` between neighbours.
std::string join(const std::vector<std::string>& parts, std::string_view between = ", ");
/// Splits at each `at`; n separators give n + 1 parts, which may be empty.
std::vector<std::string> split_text(std::string_view text, char at);
/// Converts ASCII letters to lower case.
std::string lower(std::string_view text);
/// Removes blanks, tabs and line ends at both ends.
std::string trim(std::string_view text);

/// Formats `value` with `digits` after the point; "-" if it is not finite; never "-0".
std::string fixed(double value, int digits);

/// Returns the shortest text that reads back as the same number.
std::string exact(double value);

/// Formats a duration: "41 s", "3 min 05 s", "2 h 10 min", "3 d 04 h" (from two days); "-" if
/// negative or not finite.
std::string duration_text(double seconds);

/// Formats a number of bytes: "12 MB", "3.4 GB" (decimal units); at least 1 MB.
std::string bytes_text(int64_t bytes);

/// Parses the whole text as a finite number (C locale); returns false if it is not one.
bool parse_double(std::string_view text, double& value);
/// Parses the whole text as a decimal integer; returns false if it is not one.
bool parse_int(std::string_view text, int64_t& value);

/// Whether the text is valid UTF-8 (no surrogates, no overlong forms) without zero bytes, as HDF5
/// and JSON require.
bool is_plain_utf8(std::string_view text);

/// Returns the text as one line of Markdown that is shown as it is: marks of emphasis, code, links,
/// tables and tags are escaped, control characters become blanks.
std::string markdown_line(std::string_view text);

/// Returns the text with control characters written as \n, \t or \x1b.
std::string one_line(std::string_view text);

/// Returns the known name with the smallest edit distance to `name`, or "" if that distance is more
/// than 1 + (length of `name`) / 3, rounded down.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// Returns "unknown policy 'x' (known: a, b)", followed by "; did you mean 'a'?" if nearest_name()
/// finds one.
std::string unknown_name(std::string_view kind,
                         std::string_view name,
                         const std::vector<std::string>& known);

}  // namespace evenray
