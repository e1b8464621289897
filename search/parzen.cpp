// SPDX-License-Identifier: Apache-2.0
#include "search/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

namespace evenray {
namespace {

constexpr int kCandidates = 24;
constexpr size_t kMostBest = 25;
/// Values that have full weight, counted from the newest.
constexpr size_t kRecent = 25;

/// Standard normal distribution function.
double normal_share(double z) { return .5 * std::erfc(-z / std::numbers::sqrt2); }

std::vector<double> kernel_weights(size_t values) {
  std::vector<double> weights(values, 1);
  if (values > kRecent) {
    const size_t old = values - kRecent;
    const double first = 1 / static_cast<double>(values);
    for (size_t i = 0; i < old; ++i)
      weights[i] =
          old == 1 ? first
                   : first + (1 - first) * static_cast<double>(i) / static_cast<double>(old - 1);
  }
  weights.push_back(1);  // the whole range
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.);
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// The distance of each centre to the farther of its neighbours. The outermost centres count only
/// the inner one, the bounds of the range are no neighbours unless there is one centre.
std::vector<double> neighbour_distances(const std::vector<double>& centres,
                                        double low,
                                        double high) {
  std::vector<size_t> order(centres.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return centres[a] < centres[b]; });
  std::vector<double> out(centres.size());
  for (size_t k = 0; k < order.size(); ++k) {
    const double here = centres[order[k]];
    const double below = here - (k == 0 ? low : centres[order[k - 1]]);
    const double above = (k + 1 == order.size() ? high : centres[order[k + 1]]) - here;
    const bool several = order.size() > 1;
    out[order[k]] = several && k == 0                  ? above
                    : several && k + 1 == order.size() ? below
                                                       : std::max(below, above);
  }
  return out;
}

double log_sum_exp(const std::vector<double>& logs) {
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - most);
  return most + std::log(sum);
}

}  // namespace

ParzenDensity::ParzenDensity(const Dimension& dimension, const std::vector<double>& values)
    : dimension_(dimension), centres_(values), weights_(kernel_weights(values.size())) {
  if (!dimension.choices.empty()) return;
  const double range = dimension.high - dimension.low;
  centres_.push_back((dimension.low + dimension.high) / 2);
  deviations_ = neighbour_distances(centres_, dimension.low, dimension.high);
  const double least = range / std::min(100., static_cast<double>(centres_.size()) + 1);
  for (double& deviation : deviations_) deviation = std::clamp(deviation, least, range);
  deviations_.back() = range;
}

double ParzenDensity::choice_share(size_t kernel, size_t choice) const {
  const auto choices = static_cast<double>(dimension_.choices.size());
  if (kernel == centres_.size()) return 1 / choices;
  const double prior = 1 / static_cast<double>(weights_.size());
  const bool own = centres_[kernel] == static_cast<double>(choice);
  return (prior + (own ? 1 : 0)) / (1 + choices * prior);
}

double ParzenDensity::log_density(double value) const {
  std::vector<double> logs;
  for (size_t k = 0; k < weights_.size(); ++k) {
    if (!dimension_.choices.empty()) {
      logs.push_back(std::log(weights_[k] * choice_share(k, static_cast<size_t>(value))));
      continue;
    }
    const double deviation = deviations_[k], z = (value - centres_[k]) / deviation;
    const double inside = normal_share((dimension_.high - centres_[k]) / deviation) -
                          normal_share((dimension_.low - centres_[k]) / deviation);
    logs.push_back(std::log(weights_[k] / inside / deviation) - z * z / 2 -
                   std::log(2 * std::numbers::pi) / 2);
  }
  return log_sum_exp(logs);
}

double ParzenDensity::draw(Rng& rng) const {
  double left = rng.uniform();
  size_t kernel = 0;
  while (kernel + 1 < weights_.size() && left >= weights_[kernel]) left -= weights_[kernel++];
  if (!dimension_.choices.empty()) {
    double share = rng.uniform();
    size_t choice = 0;
    while (choice + 1 < dimension_.choices.size() && share >= choice_share(kernel, choice))
      share -= choice_share(kernel, choice++);
    return static_cast<double>(choice);
  }
  // The centre lies in the range, so at least about a third of the draws do.
  for (;;) {
    const double value = centres_[kernel] + deviations_[kernel] * rng.normal();
    if (value >= dimension_.low && value <= dimension_.high) return value;
  }
}

Point propose(const std::vector<Dimension>& space,
              const std::vector<Point>& tried,
              const std::vector<double>& scores,
              Rng rng) {
  std::vector<size_t> order(tried.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto score = [&](size_t i) { return std::isnan(scores[i]) ? -INFINITY : scores[i]; };
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return score(a) > score(b); });
  const size_t best = std::min((tried.size() + 9) / 10, kMostBest);
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(best));
  std::sort(order.begin() + static_cast<std::ptrdiff_t>(best), order.end());
  Point point;
  for (size_t d = 0; d < space.size(); ++d) {
    std::vector<double> good, others;
    for (size_t i = 0; i < order.size(); ++i)
      (i < best ? good : others).push_back(tried[order[i]][d]);
    const ParzenDensity of_good(space[d], good), of_others(space[d], others);
    Rng stream = rng.fork("candidates", d);
    double chosen = 0, highest = -INFINITY;
    for (int k = 0; k < kCandidates; ++k) {
      const double value = of_good.draw(stream);
      const double gain = of_good.log_density(value) - of_others.log_density(value);
      if (gain <= highest) continue;
      highest = gain;
      chosen = value;
    }
    point.push_back(chosen);
  }
  return point;
}

}  // namespace evenray
