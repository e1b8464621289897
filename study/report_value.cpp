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

std::string with_interval(const Json& metric, std::string (*text)(double)) {
  const std::string value = text(number_at(metric, "/value"));
  const double low = number_at(metric, "/ci/0"), high = number_at(metric, "/ci/1");
  if (!std::isfinite(low) || !std::isfinite(high)) return value;
  return cat(value, " (", text(low), " to ", text(high), ")");
}

}  // namespace

const Json& part_at(const Json& json, const std::string& pointer) {
  static const Json nothing = Json::object();
  const Json::json_pointer at(pointer);
  if (!json.contains(at) || json.at(at).is_null()) return nothing;
  return json.at(at);
}

double number_at(const Json& json, const std::string& pointer) {
  const Json& found = part_at(json, pointer);
  return found.is_number() ? found.get<double>() : NAN;
}

int64_t count_at(const Json& json, const std::string& pointer) {
  const double number = number_at(json, pointer);
  return std::isfinite(number) ? std::llround(number) : 0;
}

std::string text_at(const Json& json, const std::string& pointer) {
  const Json& found = part_at(json, pointer);
  return found.is_string() ? found.get<std::string>() : "";
}

Arm arm_in(const Json& summary, const std::string& name) {
  for (const auto& arm : builtin_arms(text_at(summary, "/policy")))
    if (arm.name == name) return arm;
  for (const auto& arm : part_at(summary, "/arms"))
    if (text_at(arm, "/name") == name)
      return {.name = name,
              .meaning = text_at(arm, "/meaning"),
              .sources = arm.value("sources", std::vector<std::string>{}),
              .replace = number_at(arm, "/replace")};
  return {.name = name};
}

size_t arm_colour_in(const Json& summary, const std::string& name) {
  auto names = builtin_arm_names();
  for (const auto& arm : part_at(summary, "/arms")) names.push_back(text_at(arm, "/name"));
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string rate_text(double value) { return plain(decimal_text(value, 3)); }

std::string difference_text(double value) { return plain(decimal_text(value, 3, true)); }

std::string rate_with_interval(const Json& metric) { return with_interval(metric, rate_text); }

std::string difference_with_interval(const Json& metric) {
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

std::string counted(int64_t count, const std::string& noun) {
  return cat(count_text(count), " ", noun, count == 1 ? "" : "s");
}

}  // namespace evenray
