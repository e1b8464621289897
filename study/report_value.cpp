// SPDX-License-Identifier: Apache-2.0
#include "study/report_value.hpp"

#include <algorithm>
#include <cmath>

#include "core/number.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Replaces the typographic minus and dash by ASCII, because terminal tables are aligned by bytes.
std::string plain(const std::string& text) {
  const std::string_view minus = "\u2212", none = "\u2013";
  if (text == none) return "-";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool found = text.compare(at, minus.size(), minus) == 0;
    out += found ? '-' : text[at];
    at += found ? minus.size() : 1;
  }
  return out;
}

std::string with_interval(const Estimate& estimate, std::string (*text)(double)) {
  const std::string value = text(estimate.value);
  if (!std::isfinite(estimate.value)) return value;
  if (!estimate.has_interval()) return cat(value, " (-)");
  return cat(value, " (", text(estimate.low), " to ", text(estimate.high), ")");
}

}  // namespace

std::string rate_text(double value) { return plain(decimal_text(value, 3)); }

std::string difference_text(double value) { return plain(decimal_text(value, 3, true)); }

std::string rate_with_interval(const Estimate& metric) { return with_interval(metric, rate_text); }

std::string difference_with_interval(const Estimate& metric) {
  return with_interval(metric, difference_text);
}

std::string p_text(double p) {
  if (p < .001) return "<.001";
  return plain(p >= .1 ? decimal_text(p, 2) : number_text(p, 2));
}

std::string plain_number(double value) { return plain(number_text(value)); }

std::string plain_count(double value) {
  return std::isfinite(value) ? count_text(std::llround(value)) : "-";
}

double rounded_up(double value) {
  if (!(value > 0)) return value;
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::ceil(value / unit - 1e-9) * unit;
}

}  // namespace evenray
