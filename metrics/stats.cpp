// SPDX-License-Identifier: Apache-2.0
#include "metrics/stats.hpp"

#include <math.h>  // lgamma_r: std::lgamma writes the global signgam, a race between threads

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <utility>

namespace evenray {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRoot2 = std::numbers::sqrt2;
constexpr double kLeastVariance = 1e-24;

double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

/// P(X = k) for X ~ Binomial(n, p). In logarithms, because the binomial coefficient overflows and
/// the powers underflow for large n; log1p keeps log(1 - p) accurate for small p.
double binomial_mass(int64_t k, int64_t n, double p) {
  const auto a = static_cast<double>(k), b = static_cast<double>(n - k);
  return std::exp(log_gamma(a + b + 1) - log_gamma(a + 1) - log_gamma(b + 1) + a * std::log(p) +
                  b * std::log1p(-p));
}

/// Returns the sum of P(X = i) from i = k downwards (step -1) or upwards (+1). Requires that the
/// terms decrease from k on. Each term is computed from the previous one by the ratio of
/// neighbouring terms; the sum ends when a term is too small to change it.
double binomial_side(int64_t k, int64_t n, double p, int step) {
  double term = binomial_mass(k, n, p), sum = 0;
  const double odds = p / (1 - p);
  for (int64_t i = k; i >= 0 && i <= n && term > sum * 1e-18; i += step) {
    sum += term;
    term *= step > 0 ? static_cast<double>(n - i) / static_cast<double>(i + 1) * odds
                     : static_cast<double>(i) / static_cast<double>(n - i + 1) / odds;
  }
  return sum;
}

/// Returns z with P(|Z| <= z) = confidence for a standard normal Z. P(|Z| > z) is convex in z, so
/// Newton's steps from 0 approach z from below.
double central_deviate(double confidence) {
  double z = 0;
  for (int i = 0; i < 100; ++i) {
    const double slope = kRoot2 * std::numbers::inv_sqrtpi * std::exp(-z * z / 2);
    const double step = (std::erfc(z / kRoot2) - (1 - confidence)) / slope;
    z += step;
    if (std::abs(step) < 1e-15 * z) break;
  }
  return z;
}

struct Counts {
  double positive = 0, negative = 0;
};

/// Counts labels in descending order of score, and calls at_score(counts so far, score) after each
/// distinct score. Returns the counts of all rows.
template <class AtScore>
Counts count_by_score(const RankedScores& ranked,
                      std::span<const double> scores,
                      std::span<const uint8_t> labels,
                      AtScore at_score) {
  Counts counts;
  for (size_t place = 0; place < ranked.order().size(); ++place) {
    const size_t row = ranked.order()[place];
    (labels[row] ? counts.positive : counts.negative) += 1;
    if (ranked.ends_tie(place)) at_score(counts, scores[row]);
  }
  return counts;
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNaN;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNaN;
  const double centre = mean(values);
  double sum = 0;
  for (double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double quantile(std::vector<double> values, double q) {
  assert(q >= 0 && q <= 1);
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], place - static_cast<double>(below));
}

RankedScores::RankedScores(std::span<const double> scores, std::span<const uint8_t> labels)
    : order_(scores.size()), labels_(labels.begin(), labels.end()), ends_tie_(scores.size()) {
  assert(scores.size() == labels.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(
      order_.begin(), order_.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  for (size_t i = 0; i < order_.size(); ++i) {
    ends_tie_[i] = i + 1 == order_.size() || scores[order_[i]] != scores[order_[i + 1]];
  }
}

double RankedScores::auroc(std::span<const double> weights) const {
  assert(weights.empty() || weights.size() == labels_.size());
  double positive = 0, negative = 0, tied_positive = 0, tied_negative = 0, area = 0;
  for (size_t place = 0; place < order_.size(); ++place) {
    const size_t row = order_[place];
    (labels_[row] ? tied_positive : tied_negative) += weights.empty() ? 1 : weights[row];
    if (!ends_tie_[place]) continue;
    // A negative counts the positives above it, and half of the positives with the same score.
    area += tied_negative * (positive + tied_positive / 2);
    positive += std::exchange(tied_positive, 0);
    negative += std::exchange(tied_negative, 0);
  }
  return positive > 0 && negative > 0 ? area / (positive * negative) : kNaN;
}

double RankedScores::average_precision(std::span<const double> weights) const {
  assert(weights.empty() || weights.size() == labels_.size());
  double positive = 0, all = 0, tied_positive = 0, sum = 0;
  for (size_t place = 0; place < order_.size(); ++place) {
    const size_t row = order_[place];
    const double weight = weights.empty() ? 1 : weights[row];
    all += weight;
    if (labels_[row]) tied_positive += weight;
    if (!ends_tie_[place] || all == 0) continue;
    positive += tied_positive;
    sum += std::exchange(tied_positive, 0) * positive / all;
  }
  return positive > 0 ? sum / positive : kNaN;
}

Interval wilson(int64_t successes, int64_t all) {
  constexpr double kZ = 1.959963984540054;
  if (all <= 0) return {0, 1};
  const auto n = static_cast<double>(all);
  const double share = static_cast<double>(successes) / n, square = kZ * kZ / n;
  const double centre = (share + square / 2) / (1 + square);
  const double half = kZ / (1 + square) * std::sqrt(share * (1 - share) / n + square / (4 * n));
  return {std::max(0., centre - half), std::min(1., centre + half)};
}

double auroc(std::span<const double> scores,
             std::span<const uint8_t> labels,
             std::span<const double> weights) {
  return RankedScores(scores, labels).auroc(weights);
}

double average_precision(std::span<const double> scores,
                         std::span<const uint8_t> labels,
                         std::span<const double> weights) {
  return RankedScores(scores, labels).average_precision(weights);
}

std::vector<CurvePoint> roc_curve(std::span<const double> scores, std::span<const uint8_t> labels) {
  std::vector<CurvePoint> points{{0, 0, std::numeric_limits<double>::infinity()}};
  const Counts all = count_by_score(
      RankedScores(scores, labels), scores, labels, [&](Counts counts, double score) {
        points.push_back({counts.negative, counts.positive, score});
      });
  if (all.positive == 0 || all.negative == 0) return {};
  for (auto& point : points) point.x /= all.negative, point.y /= all.positive;
  return points;
}

std::vector<CurvePoint> precision_recall_curve(std::span<const double> scores,
                                               std::span<const uint8_t> labels) {
  std::vector<CurvePoint> points;
  const Counts all = count_by_score(
      RankedScores(scores, labels), scores, labels, [&](Counts counts, double score) {
        points.push_back(
            {counts.positive, counts.positive / (counts.positive + counts.negative), score});
      });
  if (all.positive == 0) return {};
  for (auto& point : points) point.x /= all.positive;
  return points;
}

double hanley_mcneil_error(double auroc, double positives, double negatives) {
  const double both_above = auroc / (2 - auroc), above_both = 2 * auroc * auroc / (1 + auroc),
               square = auroc * auroc;
  return std::sqrt((auroc * (1 - auroc) + (positives - 1) * (both_above - square) +
                    (negatives - 1) * (above_both - square)) /
                   (positives * negatives));
}

double binomial_upper_tail(int64_t k, int64_t n, double p) {
  assert(n >= 0 && p >= 0 && p <= 1);
  if (k <= 0) return 1;
  if (k > n || p == 0) return 0;
  if (p == 1) return 1;
  // Sums the tail that leads away from the mean: its terms decrease, and it is the smaller tail, so
  // a tiny result keeps its relative precision.
  if (static_cast<double>(k) > static_cast<double>(n) * p) return binomial_side(k, n, p, 1);
  return 1 - binomial_side(k - 1, n, p, -1);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p_values.size(); ++i) {
    if (!std::isnan(p_values[i])) order.push_back(i);
  }
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted = p_values;
  // The running maximum keeps the adjusted values in the order of the p values.
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(order.size() - i) * p_values[order[i]]);
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

double bootstrap_p(std::span<const double> differences) {
  double not_above = 1, not_below = 1, all = 1;
  for (double difference : differences) {
    if (!std::isfinite(difference)) continue;
    all += 1;
    if (difference <= 0) not_above += 1;
    if (difference >= 0) not_below += 1;
  }
  return std::min(1.0, 2 * std::min(not_above, not_below) / all);
}

NormalTest normal_test(double value, double variance, double confidence) {
  if (!(variance >= kLeastVariance)) return {kNaN, {kNaN, kNaN}, kNaN};
  const double error = std::sqrt(variance), half = central_deviate(confidence) * error;
  return {error, {value - half, value + half}, std::erfc(std::abs(value) / error / kRoot2)};
}

GroupIndex group_index(const std::vector<std::string>& group_of_row) {
  GroupIndex out;
  std::map<std::string, size_t> known;
  for (const auto& group : group_of_row) {
    if (group.empty()) {
      out.of_row.push_back(out.count++);
      continue;
    }
    const auto [place, is_new] = known.try_emplace(group, out.count);
    if (is_new) ++out.count;
    out.of_row.push_back(place->second);
  }
  return out;
}

GroupBootstrap::GroupBootstrap(const std::vector<std::string>& group_of_row,
                               const std::vector<std::string>& stratum_of_row)
    : groups_(group_index(group_of_row)) {
  assert(stratum_of_row.empty() || stratum_of_row.size() == group_of_row.size());
  std::map<std::string, size_t> known;
  size_t groups = 0;  // groups are numbered in the order of their first rows
  for (size_t row = 0; row < group_of_row.size(); ++row) {
    if (groups_.of_row[row] != groups) continue;
    const std::string stratum = stratum_of_row.empty() ? "" : stratum_of_row[row];
    const auto [place, is_new] = known.try_emplace(stratum, strata_.size());
    if (is_new) strata_.emplace_back();
    strata_[place->second].push_back(groups++);
  }
}

std::vector<double> GroupBootstrap::row_weights(const Rng& rng, uint64_t draw) const {
  Rng stream = rng.fork("group bootstrap", draw);
  std::vector<double> picked(groups_.count), weights;
  for (const auto& stratum : strata_)
    for (size_t i = 0; i < stratum.size(); ++i) picked[stratum[stream.below(stratum.size())]] += 1;
  weights.reserve(groups_.of_row.size());
  for (size_t group : groups_.of_row) weights.push_back(picked[group]);
  return weights;
}

Interval percentile_interval(const std::vector<double>& replicates, double confidence) {
  std::vector<double> finite;
  std::copy_if(replicates.begin(), replicates.end(), std::back_inserter(finite), [](double value) {
    return std::isfinite(value);
  });
  const double outside = (1 - confidence) / 2;
  return {quantile(finite, outside), quantile(finite, 1 - outside)};
}

}  // namespace evenray
