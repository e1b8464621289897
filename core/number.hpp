// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace evenray {

/// Numbers as people read them on a page (CSV and JSON keep plain digits): a real minus sign, no zero before the point, thin spaces
/// between thousands.

/// `significant` digits at most, trailing zeros dropped: .834, 1.5, −.004, 12 346 (whole numbers in full), 1.2e−7; "–" where not finite.
std::string number_text(double value, int significant = 3);

/// `digits` after the point, for columns: .834, −.040, 1.000; "–" where not finite. `plus`: differences above zero carry a "+".
std::string decimal_text(double value, int digits, bool plus = false);

/// 1 234 567.
std::string count_text(int64_t count);

/// Gives each hyphen that stands for a minus (at the start or after a space or bracket, before a digit or a point with a digit) its
/// proper sign.
std::string minus_signs(std::string_view text);

}  // namespace evenray
