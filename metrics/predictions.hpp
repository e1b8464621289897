// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// Predicted probabilities and true labels of each row, from any classifier.
struct Predictions {
  std::vector<std::string> class_names;
  std::vector<std::string> ids;             ///< one per row
  std::vector<std::string> groups;          ///< one per row; "": a group of its own
  std::vector<std::vector<int8_t>> labels;  ///< [row][class]: 1 present, 0 absent, -1 unknown
  std::vector<std::vector<double>> probabilities;  ///< [row][class], 0 to 1
  /// Whether the classes exclude each other; not set: the labels say so, see one_hot().
  std::optional<bool> exclusive{};

  size_t rows() const { return ids.size(); }
  /// Whether the classes exclude each other. As the labels show it: there are two or more classes,
  /// each row is either one-hot or unknown in all classes, and at least one row is known.
  bool one_hot() const;
  /// Returns the index of a class; throws 65 with the known names.
  size_t class_index(const std::string& name) const;
};

/// The rows of one class whose label is known, in order.
struct KnownScores {
  std::vector<double> scores;   ///< probabilities
  std::vector<uint8_t> labels;  ///< 1: present
};
KnownScores known_scores(const Predictions& predictions, size_t class_index);

/// Reads a CSV file `id,group,y_CLASS...,p_CLASS...`. Columns may have any order; other columns are
/// ignored; the y columns give the order of the classes. A label is 1, 0, -1 or empty (unknown).
/// Throws 66 if the file is missing; 65 for a missing column (each class needs its y and its p
/// column) or a file without rows, and, with the line, for a duplicate id, an invalid label or an
/// invalid probability.
Predictions read_predictions(const Path& path);

/// Reads another column of such a file. Throws 65 with the existing columns if it is missing.
std::vector<std::string> read_column(const Path& path, const std::string& column);

/// Writes this format. Probabilities are written as the shortest text that reads back as the same
/// number, unknown labels as -1.
void write_predictions(const Path& path, const Predictions& predictions);

}  // namespace evenray
