// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "metrics/support.hpp"

namespace evenray {

/// The scores of one trained model on the test rows, in a form that a bootstrap can resample.
struct Scored {
  std::vector<std::string> rows;    ///< id and label of each row; equal for all compared models
  std::vector<std::string> groups;  ///< one per row; "": a group of its own
  /// One per row, or empty: groups are resampled within each stratum. Models of several folds have
  /// the fold here if their values are means over the folds.
  std::vector<std::string> strata{};
  std::vector<std::string> keys;  ///< names of the values: "auroc", ...
  /// Returns one value per key. `row_weights`: how often each row counts (empty: once each). NaN:
  /// undefined for these weights. May be called from several threads at once.
  std::function<std::vector<double>(std::span<const double> row_weights)> values;
  int64_t known = 0, positives = 0;  ///< rows with a known label of the first class, positive ones
  std::vector<Support> supports;     ///< groups behind each value, one per key
  int64_t without_threshold = 0;     ///< number of models for which validation gave no threshold
};

/// Decisions on one class, one entry per row.
struct ClassScores {
  std::string name{};
  std::vector<int8_t> labels{};      ///< 1: the row is of the class, 0: it is not, -1: unknown
  std::vector<double> scores{};      ///< probability of the class; not NaN
  std::vector<uint8_t> predicted{};  ///< 1: the class is predicted, at a threshold fixed beforehand
};

/// The input of score_classes().
struct ClassRows {
  std::vector<std::string> ids, groups;  ///< one per row
  std::vector<ClassScores> classes;      ///< the compared class first
};

/// Returns auroc, auprc, sensitivity, specificity and balanced_accuracy (the mean of the last two)
/// of the first class. With more classes, adds NAME.auroc and NAME.auprc of each, and macro.auroc
/// and macro.auprc: their means over the classes that have enough groups for an interval (if none
/// has, over those for which they are defined with unit weights). Rows with an unknown label of a
/// class do not count for it. NaN if a metric has no rows. Rows are sorted once.
Scored score_classes(ClassRows rows);

}  // namespace evenray
