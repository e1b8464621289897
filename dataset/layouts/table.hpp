// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/config.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// The columns of a user's own table. All except `path` may be empty.
struct TableColumns {
  std::string table;    ///< file name of the table; empty: every CSV file beside the images
  std::string path;     ///< column with the paths or names of the images; empty: no such table
  std::string label;    ///< column with the class, or several classes with | between them
  std::string patient;  ///< column with the patient
  std::string split;    ///< column with train, val or test
  /// Columns, one per class, of 1, yes, y, true or +; 0, no, n, false or -; -1 or empty (unknown).
  std::vector<std::string> labels;
  /// Four columns, px: left, upper, right and lower edge, or left and upper edge, width and height.
  std::vector<std::string> box;
  std::string box_form = "auto";  ///< edges, sizes, or auto: by the names of the last two columns

  void fields(Fields& f);
  /// Throws Exit::config for a bad value, with its key as the user writes it.
  void check() const;
  bool operator==(const TableColumns&) const = default;
};

/// Returns whether there is a CSV table beside the images whose columns `columns` (data.columns)
/// names.
bool is_table_layout(const std::string& path, const TableColumns& columns);

/// Reads a collection from the user's own table. An image has one row or several: with box
/// columns one for each box, else one for each class; it has the classes of all of them. A box
/// without `label` has the class of its label column that says yes. Label columns that differ
/// between an image's rows are unknown (`label_conflict`). Columns without a meaning become
/// metadata (of the image's first row). Throws Exit::config if `path` and `label` (or `labels`) are
/// not set, Exit::bad_data for a missing column, an invalid part or two patients of one image, and
/// as match_listing().
Manifest read_table(const std::string& path, const TableColumns& columns);

}  // namespace evenray
