// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

struct Interval {
  double low = 0, high = 0;
};

double mean(std::span<const double> values);
/// Sample standard deviation (N-1); NaN below two values.
double standard_deviation(std::span<const double> values);
/// Linear between order statistics (numpy's default). q in [0, 1]; NaN for no values. Takes a copy
/// to sort.
double quantile(std::vector<double> values, double q);

/// Area under the ROC curve with ties counted half (Mann-Whitney); labels are 0 or 1, weights count
/// rows several times (empty: all 1). NaN where one class is absent.
double auroc(std::span<const double> scores,
             std::span<const uint8_t> labels,
             std::span<const double> weights = {});
/// Average precision as scikit-learn defines it (steps, ties in one step). NaN without positives.
double average_precision(std::span<const double> scores,
                         std::span<const uint8_t> labels,
                         std::span<const double> weights = {});

/// Rows sorted by score once, so that many weightings of them (bootstrap draws) cost linear time
/// each. Scores must not be NaN.
class RankedScores {
 public:
  RankedScores(std::span<const double> scores, std::span<const uint8_t> labels);
  /// As the functions above; weights by row, 0 or more each (empty: all 1).
  double auroc(std::span<const double> weights = {}) const;
  double average_precision(std::span<const double> weights = {}) const;
  /// Rows by falling score.
  const std::vector<size_t>& order() const { return order_; }
  /// Whether the row at this place of order() is the last of its score.
  bool ends_tie(size_t place) const { return ends_tie_[place]; }

 private:
  std::vector<size_t> order_;
  std::vector<uint8_t> labels_, ends_tie_;
};

struct CurvePoint {
  double x = 0, y = 0, threshold = 0;
};
/// ROC: x false positive rate, y true positive rate; from (0,0), its threshold infinite, to (1,1),
/// one point a distinct score: what `score >= threshold` gives. Empty where one class is absent.
std::vector<CurvePoint> roc_curve(std::span<const double> scores, std::span<const uint8_t> labels);
/// x recall, y precision, one point a distinct score, rising recall. Empty without positives.
std::vector<CurvePoint> precision_recall_curve(std::span<const double> scores,
                                               std::span<const uint8_t> labels);

/// Wilson score interval of k successes in n; [0, 1] for n = 0.
Interval wilson(int64_t successes, int64_t n, double confidence = .95);
/// P(X >= k) for X ~ Binomial(n, p); good to about 10 digits, also far out in the tail.
double binomial_upper_tail(int64_t k, int64_t n, double p);
/// Holm's step-down adjustment, in the order given, capped at 1. A NaN stays NaN and is not
/// counted.
std::vector<double> holm(const std::vector<double>& p_values);
/// Two-sided bootstrap p of a difference: twice the smaller share of replicates on either side of
/// 0, with +1 in both counts, at most 1. Replicates that are not finite are left out.
double bootstrap_p(std::span<const double> differences);

/// Cluster bootstrap: draw k picks as many groups as there are, with replacement; the result counts
/// for each row how often its group was picked. Rows with an empty group are groups of their own.
/// Reproducible: draw k depends on rng's key and k alone.
class GroupBootstrap {
 public:
  explicit GroupBootstrap(const std::vector<std::string>& group_of_row);
  std::vector<double> row_weights(const Rng& rng, uint64_t draw) const;
  size_t groups() const { return group_count_; }

 private:
  std::vector<size_t> group_of_row_;
  size_t group_count_ = 0;
};

/// Percentile interval of the finite replicates; NaN where there are none.
Interval percentile_interval(const std::vector<double>& replicates, double confidence = .95);

}  // namespace evenray
