// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace evenray {

/// What one trained model did on the test rows, in the form that a bootstrap can resample.
struct Scored {
  std::vector<std::string> rows;    ///< id and truth of each row; equal in all that are compared
  std::vector<std::string> groups;  ///< one per row; "": a group of its own
  std::vector<std::string> keys;    ///< names of the values: "auroc", ...
  /// Returns one value per key. `row_weights`: how often each row counts (empty: once each). NaN:
  /// undefined for these weights. May be called from several threads at once.
  std::function<std::vector<double>(std::span<const double> row_weights)> values;
  int64_t positives = 0;          ///< rows with what is looked for
  int64_t without_threshold = 0;  ///< models among these whose validation gave no threshold
};

/// Decisions on one class: the input of score_class(), one entry per row.
struct ClassRows {
  std::vector<std::string> ids, groups;
  std::vector<uint8_t> labels;     ///< 1: the row is of the class
  std::vector<double> scores;      ///< probability of the class; not NaN
  std::vector<uint8_t> predicted;  ///< 1: the class is predicted, at a threshold fixed beforehand
};

/// Returns auroc, auprc, sensitivity, specificity and balanced_accuracy (the mean of the last two)
/// of one class. Rows are sorted once.
Scored score_class(ClassRows rows);

}  // namespace evenray
