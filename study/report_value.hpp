// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/json.hpp"
#include "settings/arms.hpp"

namespace evenray {

/// Below this median box side a finding is hardly more than noise.
inline constexpr double kLeastBoxPx = 8;

/// What a summary holds, as plain text that HtmlPage typesets. A study may lack any part, so a
/// missing or null value is NaN, "" or "-", never an error.

/// At a JSON pointer ("/comparison/groups").
double number_at(const Json& json, const std::string& pointer);
/// A whole number; 0 where there is none.
int64_t count_at(const Json& json, const std::string& pointer);
std::string text_at(const Json& json, const std::string& pointer);
/// An empty object where there is none.
const Json& part_at(const Json& json, const std::string& pointer);

/// An arm of the study: a built-in one, or as "arms" describes it; one of that name alone where the
/// summary has none.
Arm arm_in(const Json& summary, const std::string& name);
/// Its colour in every chart.
size_t arm_colour_in(const Json& summary, const std::string& name);

/// ".834"
std::string rate_text(double value);
/// "+.011"
std::string difference_text(double value);
/// ".834 (.801 to .866)" of {"value","ci"}.
std::string rate_with_interval(const Json& metric);
std::string difference_with_interval(const Json& metric);
/// "<.001", ".04": two significant digits.
std::string p_text(double p);
/// At most 3 significant digits.
std::string plain_number(double value);
/// "12 346", "-" for NaN.
std::string plain_count(double value);
/// Two significant digits, never less than `value`: what a test promises is not rounded in its own
/// favour.
double rounded_up(double value);
/// "3 seeds", "1 seed".
std::string counted(int64_t count, const std::string& noun);

}  // namespace evenray
