// SPDX-License-Identifier: Apache-2.0
#include "metrics/confident_learning.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

namespace evenray {
namespace {

/// A probability may miss the mean of equal probabilities by rounding.
constexpr double kRounding = 1e-6;

std::vector<double> class_thresholds(const std::vector<int>& labels,
                                     const std::vector<std::vector<double>>& probabilities,
                                     size_t classes) {
  std::vector<double> sums(classes, 0);
  std::vector<int64_t> counts(classes, 0);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    const auto given = static_cast<size_t>(labels[i]);
    sums[given] += probabilities[i][given];
    ++counts[given];
  }
  for (size_t c = 0; c < classes; ++c)
    sums[c] = counts[c] > 0 ? sums[c] / static_cast<double>(counts[c])
                            : std::numeric_limits<double>::infinity();
  return sums;
}

std::optional<size_t> confident_class(const std::vector<double>& probabilities,
                                      const std::vector<double>& thresholds) {
  std::optional<size_t> best;
  for (size_t c = 0; c < thresholds.size(); ++c) {
    if (probabilities[c] < thresholds[c] - kRounding) continue;
    if (!best || probabilities[c] > probabilities[*best]) best = c;
  }
  return best;
}

double suspicion(const std::vector<double>& probabilities, size_t given) {
  double other = 0;
  for (size_t c = 0; c < probabilities.size(); ++c)
    if (c != given) other = std::max(other, probabilities[c]);
  return (other - probabilities[given] + 1) / 2;
}

}  // namespace

ConfidentLearning confident_learning(const std::vector<int>& labels,
                                     const std::vector<std::vector<double>>& probabilities) {
  assert(labels.size() == probabilities.size());
  const size_t classes = probabilities.empty() ? 0 : probabilities[0].size();
  ConfidentLearning out;
  out.thresholds = class_thresholds(labels, probabilities, classes);
  out.joint.assign(classes, std::vector<int64_t>(classes, 0));
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto suggested = confident_class(probabilities[i], out.thresholds);
    if (labels[i] < 0 || !suggested) continue;
    const auto given = static_cast<size_t>(labels[i]);
    ++out.joint[given][*suggested];
    if (*suggested != given)
      out.suspects.push_back({i, given, *suggested, suspicion(probabilities[i], given)});
  }
  std::stable_sort(out.suspects.begin(),
                   out.suspects.end(),
                   [](const LabelSuspect& a, const LabelSuspect& b) { return a.score > b.score; });
  return out;
}

}  // namespace evenray
