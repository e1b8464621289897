// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "dataset/export/export.hpp"
#include "tests/dataset/store/small_store.hpp"

namespace evenray {

using Names = std::vector<std::string>;

inline ExportOptions to(const std::string& layout) {
  ExportOptions options;
  options.to = layout;
  return options;
}

/// Every file below a folder, relative to it.
inline Names below(const Path& folder) {
  Names names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

/// `more`, and the files that every export of a store has.
inline Names with_tables(Names more) {
  for (const char* name : {"DATASHEET.md", "labels.csv", "provenance.csv"}) more.emplace_back(name);
  std::sort(more.begin(), more.end());
  return more;
}

}  // namespace evenray
