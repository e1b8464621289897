// SPDX-License-Identifier: Apache-2.0
#include "dataset/where.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

bool equal(const std::string& value, const std::string& wanted) {
  double a = 0, b = 0;
  if (parse_double(value, a) && parse_double(wanted, b)) return a == b;
  return !value.empty() && value == wanted;
}

}  // namespace

Where Where::parse(const std::string& text) {
  if (text.empty()) return {};
  const size_t at = text.find('=');
  check(at != std::string::npos && at > 0 && at + 1 < text.size(),
        Exit::config,
        cat("'", text, "' is no condition; write COLUMN=VALUE, as in sex=F"));
  return {trim(text.substr(0, at)), trim(text.substr(at + 1))};
}

std::vector<int64_t> Where::filter(const StoreInfo& info,
                                   const StorePart& part,
                                   const std::vector<int64_t>& rows) const {
  if (column.empty()) return rows;
  const auto& columns = info.meta_columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  check(found != columns.end(),
        Exit::bad_data,
        columns.empty() ? cat("this store has no metadata, so no column '", column, "'")
                        : "this store: " + unknown_name("column", column, columns));
  const auto index = static_cast<size_t>(found - columns.begin());
  std::vector<int64_t> out;
  for (const int64_t row : rows)
    if (equal(part.meta[static_cast<size_t>(row)][index], value)) out.push_back(row);
  return out;
}

}  // namespace evenray
