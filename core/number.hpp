// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace evenray {

/// Numbers formatted for HTML pages (CSV and JSON keep plain digits): with a minus sign (U+2212),
/// without a zero before the point, and with thin spaces between thousands.

/// Formats with at most `significant` digits, without trailing zeros: .834, 1.5, −.004, 12 346 (all
/// digits of the integer part), 1.2e−7 (below 1e−4 or from 1e15); "–" if not finite.
std::string number_text(double value, int significant = 3);

/// Formats with a fixed number of `digits` after the point, for columns: .834, −.040, 1.000; "–" if
/// not finite. `plus`: positive values get a "+".
std::string decimal_text(double value, int digits, bool plus = false);

/// Formats as 1 234 567.
std::string count_text(int64_t count);

/// Formats a count with its noun: "3 seeds", "1 seed".
std::string counted(int64_t count, const std::string& noun);

/// Returns prose with typographic corrections: a hyphen used as minus sign (at the start or after a
/// space or opening bracket, before a digit or a point with a digit) becomes U+2212, and the space
/// between a number and "%" becomes a no-break space (U+202F).
std::string typeset(std::string_view text);

}  // namespace evenray
