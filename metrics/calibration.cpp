// SPDX-License-Identifier: Apache-2.0
#include "metrics/calibration.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace evenray {
namespace {

constexpr double kNoRows = std::numeric_limits<double>::quiet_NaN();

double weight_of(std::span<const double> weights, size_t row) {
  return weights.empty() ? 1 : weights[row];
}

}  // namespace

double brier_score(std::span<const double> probabilities,
                   std::span<const uint8_t> labels,
                   std::span<const double> weights) {
  assert(probabilities.size() == labels.size());
  double sum = 0, all = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double distance = probabilities[i] - labels[i], weight = weight_of(weights, i);
    sum += weight * distance * distance;
    all += weight;
  }
  return all > 0 ? sum / all : kNoRows;
}

std::vector<ReliabilityBin> reliability(const RankedScores& ranked,
                                        std::span<const double> probabilities,
                                        std::span<const uint8_t> labels,
                                        std::span<const double> weights,
                                        int bins) {
  assert(bins > 0);
  const double all = weights.empty() ? static_cast<double>(labels.size())
                                     : std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<ReliabilityBin> sums(static_cast<size_t>(bins));
  double before = 0;
  size_t index = 0;
  ReliabilityBin tie;
  for (size_t place = 0; place < ranked.order().size(); ++place) {
    const size_t row = ranked.order()[place];
    const double weight = weight_of(weights, row);
    tie.weight += weight;
    tie.predicted += weight * probabilities[row];
    tie.observed += weight * labels[row];
    if (!ranked.ends_tie(place)) continue;
    // The whole tie goes to the bin of its middle rank.
    const double middle = (before + tie.weight / 2) * bins;
    while (index + 1 < sums.size() && middle >= all * static_cast<double>(index + 1)) ++index;
    sums[index].weight += tie.weight;
    sums[index].predicted += tie.predicted;
    sums[index].observed += tie.observed;
    before += tie.weight;
    tie = {};
  }
  std::erase_if(sums, [](const auto& bin) { return bin.weight == 0; });
  for (auto& bin : sums) bin.predicted /= bin.weight, bin.observed /= bin.weight;
  return sums;
}

double calibration_error(const std::vector<ReliabilityBin>& bins) {
  double sum = 0, all = 0;
  for (const auto& bin : bins) {
    sum += bin.weight * std::abs(bin.predicted - bin.observed);
    all += bin.weight;
  }
  return all > 0 ? sum / all : kNoRows;
}

}  // namespace evenray
