// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// What a classifier said about each row, beside the truth: anybody's, not only ours.
struct Predictions {
  std::vector<std::string> class_names, ids,
      groups;                               ///< an empty group: the row is a group of its own
  std::vector<std::vector<int8_t>> labels;  ///< [row][class]: 1 yes, 0 no, -1 unknown
  std::vector<std::vector<double>> probabilities;  ///< [row][class], 0 to 1

  size_t rows() const { return ids.size(); }
  /// Whether the classes exclude one another as far as one can see: two or more, and each row
  /// either one-hot or wholly unknown, not all of them unknown.
  bool one_hot() const;
  /// Index of a class; throws 65 with the known ones.
  size_t class_index(const std::string& name) const;
};

/// Reads `id,group,y_CLASS...,p_CLASS...`; columns in any order, others are ignored; classes in the
/// order of the y columns. A label is 1, 0, -1 or empty (unknown). Throws 66 if missing; 65 for a
/// missing column (each class needs both of its own), no rows, equal ids, and with the line for a
/// label or a probability that is none.
Predictions read_predictions(const Path& path);

/// Writes that file; probabilities as the shortest text that reads back as the same number, unknown
/// labels as -1.
void write_predictions(const Path& path, const Predictions& predictions);

}  // namespace evenray
