// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/json.hpp"
#include "settings/arms.hpp"

namespace evenray {

/// Median box side in px below which a finding is little more than noise.
inline constexpr double kLeastBoxPx = 8;

/// These functions read values of a summary and format them as plain text, which HtmlPage typesets.
/// Any part of a study may be missing, so a missing or null value is NaN, "" or "-", never an
/// error.

/// Returns the number at a JSON pointer ("/comparison/groups"); NaN if there is none.
double number_at(const Json& json, const std::string& pointer);
/// Returns the number there, rounded; 0 if there is none.
int64_t count_at(const Json& json, const std::string& pointer);
/// Returns the text there; "" if there is none.
std::string text_at(const Json& json, const std::string& pointer);
/// Returns the part there; an empty object if there is none.
const Json& part_at(const Json& json, const std::string& pointer);

/// Returns an arm of the study: a built-in one, or one that "arms" of the summary describes; else
/// an arm with only that name.
Arm arm_in(const Json& summary, const std::string& name);
/// Returns the number of the arm's colour, the same in all charts.
size_t arm_colour_in(const Json& summary, const std::string& name);

/// Formats a rate: ".834".
std::string rate_text(double value);
/// Formats a difference: "+.011".
std::string difference_text(double value);
/// Formats {"value","ci"}: ".834 (.801 to .866)", or the value alone without an interval.
std::string rate_with_interval(const Json& metric);
std::string difference_with_interval(const Json& metric);
/// Formats a p value with at most two digits: "<.001", ".04".
std::string p_text(double p);
/// Formats a number with at most 3 significant digits.
std::string plain_number(double value);
/// Formats a count: "12 346"; "-" for NaN.
std::string plain_count(double value);
/// Rounds `value` up to two significant digits, so that the difference that a test can find is
/// never stated smaller than it is.
double rounded_up(double value);
/// Formats a count with its noun: "3 seeds", "1 seed".
std::string counted(int64_t count, const std::string& noun);

}  // namespace evenray
