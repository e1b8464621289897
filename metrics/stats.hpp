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

/// Returns the arithmetic mean; NaN without values.
double mean(std::span<const double> values);
/// Returns the sample standard deviation (divisor N-1); NaN for fewer than two values.
double standard_deviation(std::span<const double> values);
/// Returns the q-quantile, interpolated linearly between order statistics (numpy's default). q in
/// [0, 1]; NaN without values. Sorts its own copy of the values.
double quantile(std::vector<double> values, double q);

/// Returns the 95 % interval of a share by Wilson's score (1927); [0, 1] for `all` = 0.
Interval wilson(int64_t successes, int64_t all);

/// Returns the area under the ROC curve with ties counted half (Mann-Whitney). Labels are 0 or 1.
/// `weights`: how often each row counts (empty: once each). NaN if one class is absent.
double auroc(std::span<const double> scores,
             std::span<const uint8_t> labels,
             std::span<const double> weights = {});
/// Returns the average precision as scikit-learn defines it (a step function, with tied scores in
/// one step). NaN without positives.
double average_precision(std::span<const double> scores,
                         std::span<const uint8_t> labels,
                         std::span<const double> weights = {});

/// Sorts rows by score once, so that each of many weightings (bootstrap draws) costs linear time.
/// Scores must not be NaN.
class RankedScores {
 public:
  RankedScores(std::span<const double> scores, std::span<const uint8_t> labels);
  /// Same as the functions above. `weights`: one per row, 0 or more (empty: all 1).
  double auroc(std::span<const double> weights = {}) const;
  double average_precision(std::span<const double> weights = {}) const;
  /// Row indices in descending order of score.
  const std::vector<size_t>& order() const { return order_; }
  /// Whether the row order()[place] is the last one with its score.
  bool ends_tie(size_t place) const { return ends_tie_[place]; }

 private:
  std::vector<size_t> order_;
  std::vector<uint8_t> labels_, ends_tie_;
};

struct CurvePoint {
  double x = 0, y = 0;
  double threshold = 0;  ///< the point counts rows with score >= threshold as positive
};
/// Returns the ROC curve (x: false positive rate, y: true positive rate) from (0,0) with an
/// infinite threshold to (1,1), with one point per distinct score. Empty if one class is absent.
std::vector<CurvePoint> roc_curve(std::span<const double> scores, std::span<const uint8_t> labels);
/// Returns the precision-recall curve (x: recall, y: precision), with one point per distinct score
/// in ascending order of recall. Empty without positives.
std::vector<CurvePoint> precision_recall_curve(std::span<const double> scores,
                                               std::span<const uint8_t> labels);

/// Returns the standard error of an AUROC from its value and the numbers of independent positives
/// and negatives, both at least 1 (Hanley and McNeil 1982, Radiology 143, 29-36: the formula for
/// exponential scores).
double hanley_mcneil_error(double auroc, double positives, double negatives);

/// 1.96 + .84: a true difference of this many standard errors is found at the 5 % level with a
/// power of 80 %.
inline constexpr double kPower80 = 2.8;

/// Returns P(X >= k) for X ~ Binomial(n, p), accurate to about 10 digits, also far in the tail.
double binomial_upper_tail(int64_t k, int64_t n, double p);
/// Returns p values after Holm's step-down adjustment, in the order of `p_values`, at most 1. NaN
/// stays NaN and does not count as a test.
std::vector<double> holm(const std::vector<double>& p_values);
/// Returns the two-sided bootstrap p value of a difference: twice the smaller proportion of
/// replicates on one side of 0, with 1 added to the numerator and the denominator, at most 1.
/// Non-finite replicates are ignored.
double bootstrap_p(std::span<const double> differences);

/// A value whose error is normal, for example a difference of two AUROC.
struct NormalTest {
  double error = 0;   ///< standard error
  Interval interval;  ///< value +- z error; not cut off at the bounds of the value
  double p = 0;       ///< two-sided, of the hypothesis that the true value is 0
};
/// Returns the test of a value from its variance. All NaN if there is no variance: if `variance` is
/// NaN, negative, or so small that it is a rounding error (below 1e-24, a standard error of 1e-12).
/// Requires 0 < confidence < 1.
NormalTest normal_test(double value, double variance, double confidence = .95);

/// Rows numbered by their group.
struct GroupIndex {
  std::vector<size_t> of_row;  ///< number of the row's group, from 0 in the order of first rows
  size_t count = 0;            ///< number of groups
};
/// A row with an empty group is a group of its own.
GroupIndex group_index(const std::vector<std::string>& group_of_row);

/// Cluster bootstrap. A draw picks groups() groups with replacement. A row with an empty group is a
/// group of its own. With strata (folds), a draw picks in each stratum as many groups as it has.
class GroupBootstrap {
 public:
  /// `stratum_of_row`: empty, or one per row; all rows of a group are in the stratum of its first.
  explicit GroupBootstrap(const std::vector<std::string>& group_of_row,
                          const std::vector<std::string>& stratum_of_row = {});
  /// Returns how often the group of each row was picked. Depends only on the key of `rng` and on
  /// `draw`.
  std::vector<double> row_weights(const Rng& rng, uint64_t draw) const;
  size_t groups() const { return groups_.count; }

 private:
  GroupIndex groups_;
  std::vector<std::vector<size_t>> strata_;  ///< their groups
};

/// Returns the percentile interval of the finite replicates; NaN if there are none.
Interval percentile_interval(const std::vector<double>& replicates, double confidence = .95);

}  // namespace evenray
