// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace evenray {

/// The decisions of two models on the same rows of one class. One entry per row.
struct PairedDecisions {
  std::vector<uint8_t> labels;                     ///< 1: the row is of the class
  std::vector<uint8_t> first_right, second_right;  ///< 1: the decision agrees with the label
  std::vector<std::string> groups;                 ///< "": a group of its own
};

/// A metric of two models on the same rows.
struct PairedDifference {
  double first = 0, second = 0;
  /// Variance of first - second: that of a sum over groups, from the deviations of the groups from
  /// their mean (the sandwich estimator, with the factor groups / (groups - 1)). NaN for fewer than
  /// two groups.
  double variance = 0;
};

/// The share of rows that are decided right. NaN without rows.
PairedDifference accuracy_difference(const PairedDecisions& decisions);
/// The mean of sensitivity and specificity. NaN if one label is absent.
PairedDifference balanced_accuracy_difference(const PairedDecisions& decisions);

/// Returns the exact two-sided p value of McNemar 1947, Psychometrika 12, 153-157: that of a
/// binomial with probability 1/2, twice the smaller tail, at most 1. Only for independent rows.
/// `first_only`, `second_only`: numbers of rows that only one model decides right. NaN if both are
/// 0.
double mcnemar_p(int64_t first_only, int64_t second_only);

}  // namespace evenray
