// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/config.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// What the columns of a table of one's own mean; all but `path` may be empty.
struct TableColumns {
  std::string table;  ///< its file name; empty: every CSV file
  std::string path, label, patient, split;
  std::vector<std::string> labels;  ///< a column a class
  std::vector<std::string> box;     ///< four columns: left, upper, right and lower edge, px

  void fields(Fields& f);
};

/// A CSV table with column names of its own beside the images: `columns` (data.columns) says what
/// they mean.
bool is_table_layout(const std::string& path, const TableColumns& columns);

/// Each row an image, or, with box columns, a box: rows of one image are put together. `label`
/// holds a class's name, several with a bar between; `labels` names a column a class with 1, 0 and
/// -1 or nothing (unknown). Columns without a meaning become metadata (of an image's first row).
/// Throws 65 for a missing column, a value that is none of these, and as match_listing().
Manifest read_table(const std::string& path, const TableColumns& columns);

}  // namespace evenray
