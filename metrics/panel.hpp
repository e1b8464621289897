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

/// The metrics of one class, of macro and of micro, in the order of their values.
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

/// Computes all metrics of one set of predictions. Rows are sorted once, so that many weightings of
/// the rows (bootstrap draws) are cheap. NaN means undefined: the rows that a metric needs are
/// absent. MCC is 0 if all predictions are the same (the limit; scikit-learn's value), NaN if all
/// labels are the same.
class Panel {
 public:
  /// Throws like decide().
  Panel(const Predictions& predictions, const Thresholds& thresholds);

  /// "CLASS.metric" for each class, "macro.metric" (mean over the classes for which it is defined
  /// with unit weights), "micro.metric" (all row-class pairs pooled as one class),
  /// "balanced_accuracy" (exclusive classes: mean sensitivity; otherwise mean of (sensitivity +
  /// specificity) / 2), "accuracy" (proportion of correct rows if classes are exclusive, otherwise
  /// of correct row-class pairs).
  const std::vector<std::string>& keys() const { return keys_; }
  /// Returns one value per key. `weights`: one per row, 0 or more (empty: all 1).
  std::vector<double> values(std::span<const double> weights = {}) const;

  const Decisions& decisions() const { return decisions_; }
  /// Number of rows with a known label of class c, and number of positive rows.
  int64_t known(size_t c) const { return static_cast<int64_t>(columns_[c].labels.size()); }
  int64_t positives(size_t c) const;

 private:
  using Values = std::array<double, kClassMetrics.size()>;
  struct Counts {
    double true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;
  };
  /// Rows with a known label, of one class or of all classes pooled.
  struct Column {
    std::vector<size_t> rows;
    std::vector<double> probabilities;
    std::vector<uint8_t> labels, predicted;
    RankedScores ranked;
  };
  using Pair = std::pair<size_t, size_t>;  // row, class
  Column make_column(const Predictions& predictions, std::vector<Pair> pairs) const;
  static Values measure(const Column& column, std::span<const double> weights, Counts& counts);

  Decisions decisions_;
  std::vector<Column> columns_;     // one per class, then all pooled
  std::vector<Values> unweighted_;  // one per column
  std::vector<std::string> keys_;
};

}  // namespace evenray
