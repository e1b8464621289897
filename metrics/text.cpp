// SPDX-License-Identifier: Apache-2.0
#include "metrics/text.hpp"

#include <algorithm>
#include <cmath>

#include "core/text.hpp"

namespace evenray {

std::string short_number(const Json& value) {
  if (!value.is_number()) return "-";
  const double number = value.get<double>();
  std::string text = fixed(number, std::abs(number) < .9995 ? 3 : 2);
  if (text.ends_with(".00")) text.resize(text.size() - 3);
  const size_t zero = text.find("0.");
  if (zero == 0 || (zero == 1 && text[0] == '-')) text.erase(zero, 1);
  return text;
}

std::string interval(const Json& pair) {
  if (!pair.is_array()) return " [-]";
  return cat(" [", short_number(pair[0]), ", ", short_number(pair[1]), "]");
}

std::string with_interval(const Json& metrics, const std::string& key, const Json& value) {
  const auto& all = metrics["ci"];
  return short_number(value) + (value.is_number() && all.contains(key) ? interval(all[key]) : "");
}

std::string aligned_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace evenray
