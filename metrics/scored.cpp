// SPDX-License-Identifier: Apache-2.0
#include "metrics/scored.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// The rows of one class, ranked once for all weightings.
struct RankedClass {
  RankedScores ranked;
  std::vector<uint8_t> labels, predicted;

  std::vector<double> values(std::span<const double> weights) const {
    double positives = 0, negatives = 0, true_positives = 0, true_negatives = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      const double weight = weights.empty() ? 1 : weights[i];
      (labels[i] ? positives : negatives) += weight;
      if (labels[i] && predicted[i]) true_positives += weight;
      if (!labels[i] && !predicted[i]) true_negatives += weight;
    }
    const double sensitivity = true_positives / positives;
    const double specificity = true_negatives / negatives;
    return {ranked.auroc(weights),
            ranked.average_precision(weights),
            sensitivity,
            specificity,
            (sensitivity + specificity) / 2};
  }
};

}  // namespace

Scored score_class(ClassRows rows) {
  Scored out;
  out.rows = std::move(rows.ids);
  for (size_t i = 0; i < out.rows.size(); ++i) out.rows[i] += rows.labels[i] ? " 1" : " 0";
  out.groups = std::move(rows.groups);
  out.support = support_of(rows.labels, out.groups);
  out.keys = {"auroc", "auprc", "sensitivity", "specificity", "balanced_accuracy"};
  out.positives = std::count(rows.labels.begin(), rows.labels.end(), 1);
  RankedScores ranked(rows.scores, rows.labels);
  const auto shared = std::make_shared<const RankedClass>(
      RankedClass{std::move(ranked), std::move(rows.labels), std::move(rows.predicted)});
  out.values = [shared](std::span<const double> weights) { return shared->values(weights); };
  return out;
}

}  // namespace evenray
