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
/// Linear between order statistics (numpy's default). q in [0, 1]; NaN for no values. Takes a copy to sort.
double quantile(std::vector<double> values, double q);

/// Area under the ROC curve with ties counted half (Mann-Whitney); labels are 0 or 1, weights count rows several times (empty: all 1).
/// NaN where one class is absent.
double auroc(std::span<const double> scores, std::span<const uint8_t> labels, std::span<const double> weights = {});
/// Average precision as scikit-learn defines it (steps, ties in one step). NaN without positives.
double average_precision(std::span<const double> scores, std::span<const uint8_t> labels, std::span<const double> weights = {});

struct CurvePoint {
  double x = 0, y = 0, threshold = 0;
};
/// ROC: x false positive rate, y true positive rate; from (0,0) to (1,1), one point a distinct score.
std::vector<CurvePoint> roc_curve(std::span<const double> scores, std::span<const uint8_t> labels);
/// x recall, y precision, one point a distinct score, rising recall.
std::vector<CurvePoint> precision_recall_curve(std::span<const double> scores, std::span<const uint8_t> labels);

/// Wilson score interval of k successes in n; [0, 1] for n = 0.
Interval wilson(int64_t successes, int64_t n, double confidence = .95);
/// P(X >= k) for X ~ Binomial(n, p).
double binomial_upper_tail(int64_t k, int64_t n, double p);
/// Holm's step-down adjustment, in the order given, capped at 1.
std::vector<double> holm(const std::vector<double>& p_values);
/// Two-sided bootstrap p of a difference: twice the smaller share of replicates on either side of 0, with +1 in both counts.
double bootstrap_p(std::span<const double> differences);

/// Cluster bootstrap: draw k picks as many groups as there are, with replacement; the result counts for each row how often its group
/// was picked. Reproducible: draw k depends on rng's key and k alone.
class GroupBootstrap {
 public:
  explicit GroupBootstrap(const std::vector<std::string>& group_of_row);
  std::vector<double> row_weights(const Rng& rng, uint64_t draw) const;
  size_t groups() const { return group_count_; }

 private:
  std::vector<size_t> group_of_row_;
  size_t group_count_ = 0;
};

/// Percentile interval of finite replicates.
Interval percentile_interval(const std::vector<double>& replicates, double confidence = .95);

}  // namespace evenray
