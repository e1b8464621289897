// SPDX-License-Identifier: Apache-2.0
#include "dataset/match_columns.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

const std::vector<std::string>& default_match_columns() {
  static const std::vector<std::string> columns = {"region",
                                                   "view",
                                                   "body_part",
                                                   "view_position",
                                                   "hand",
                                                   "leg",
                                                   "hip",
                                                   "shoulder",
                                                   "mixed",
                                                   "frontal",
                                                   "lateral",
                                                   "oblique"};
  return columns;
}

std::vector<size_t> match_columns(const std::vector<std::string>& columns,
                                  const std::vector<std::string>& asked) {
  std::vector<size_t> out;
  if (asked == std::vector<std::string>{"none"}) return out;
  for (const auto& name : asked)
    check(std::count(columns.begin(), columns.end(), name) > 0,
          Exit::config,
          unknown_name("column to match by", name, columns));
  const auto& wanted = asked.empty() ? default_match_columns() : asked;
  for (size_t c = 0; c < columns.size(); ++c)
    if (std::find(wanted.begin(), wanted.end(), columns[c]) != wanted.end()) out.push_back(c);
  return out;
}

std::string match_key(const std::vector<std::string>& meta, const std::vector<size_t>& columns) {
  std::string key;
  for (const size_t column : columns) {
    key += meta[column];
    key += '\n';
  }
  return key;
}

}  // namespace evenray
