// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/stats.hpp"
#include "metrics/thresholds.hpp"

namespace evenray {

/// The metrics of one class (or of macro, micro), in the order of their values.
inline constexpr std::array<std::string_view, 11> kClassMetrics{"auroc",
                                                                "auprc",
                                                                "prevalence",
                                                                "sensitivity",
                                                                "specificity",
                                                                "ppv",
                                                                "npv",
                                                                "f1",
                                                                "mcc",
                                                                "brier",
                                                                "ece"};

/// All metrics of one file of predictions, sorted once, so that many weightings of its rows
/// (bootstrap draws) are cheap. NaN is "undefined": no row of a kind that is needed. MCC is 0 where
/// all rows are said to be the same (the limit; scikit-learn's value), NaN where they all are.
class Panel {
 public:
  Panel(const Predictions& predictions, const Thresholds& thresholds);

  /// "CLASS.metric" by class, "macro.metric" (mean over the classes where it is defined for unit
  /// weights), "micro.metric" (all row-class pairs as one class), "balanced_accuracy" (exclusive:
  /// mean sensitivity; else mean of (sensitivity + specificity) / 2), "accuracy" (exclusive: rows
  /// said right; else pairs said right).
  const std::vector<std::string>& keys() const { return keys_; }
  /// By key. Weights by row, 0 or more (empty: all 1).
  std::vector<double> values(std::span<const double> weights = {}) const;

  const Decisions& decisions() const { return decisions_; }
  /// Rows of class c whose label is known, and those of them that are positive.
  int64_t known(size_t c) const { return static_cast<int64_t>(columns_[c].labels.size()); }
  int64_t positives(size_t c) const;

 private:
  using Values = std::array<double, kClassMetrics.size()>;
  struct Counts {
    double true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;
  };
  struct Column {
    std::vector<size_t> rows;
    std::vector<double> probabilities;
    std::vector<uint8_t> labels, said;
    RankedScores ranked;
  };
  using Pair = std::pair<size_t, size_t>;  // row, class
  Column make_column(const Predictions& predictions, std::vector<Pair> pairs) const;
  static Values measure(const Column& column, std::span<const double> weights, Counts& counts);

  Decisions decisions_;
  std::vector<Column> columns_;  // one a class, then all as one
  std::vector<Values> unweighted_;
  std::vector<std::string> keys_;
};

}  // namespace evenray
