// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "results/study_result.hpp"

namespace evenray {

/// Median box side in px below which a finding is little more than noise.
inline constexpr double kLeastBoxPx = 8;

/// These functions format values of a study as plain text, which HtmlPage typesets. A value that
/// was not measured gives "-".

/// Formats a rate: ".834".
std::string rate_text(double value);
/// Formats a difference: "+.011".
std::string difference_text(double value);
/// Formats an estimate: ".834 (.801 to .866)", or ".834 (-)" without an interval.
std::string rate_with_interval(const Estimate& estimate);
std::string difference_with_interval(const Estimate& estimate);
/// Formats a p value with at most two digits: "<.001", ".04".
std::string p_text(double p);
/// Formats a number with at most 3 significant digits.
std::string plain_number(double value);
/// Formats a count: "12 346"; "-" for NaN.
std::string plain_count(double value);
/// Rounds `value` up to two significant digits, so that the difference that a test can find is
/// never stated smaller than it is.
double rounded_up(double value);

}  // namespace evenray
