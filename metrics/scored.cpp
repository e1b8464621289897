// SPDX-License-Identifier: Apache-2.0
#include "metrics/scored.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// The rows of one class whose label is known, ranked once for all weightings.
struct RankedClass {
  std::vector<size_t> rows;
  std::vector<uint8_t> labels, predicted;
  RankedScores ranked;
  bool averaged = false;  ///< has a say in the mean over the classes

  std::vector<double> weights_of(std::span<const double> row_weights) const {
    std::vector<double> weights;
    if (!row_weights.empty())
      for (const size_t row : rows) weights.push_back(row_weights[row]);
    return weights;
  }

  /// Sensitivity, specificity and their mean.
  std::vector<double> decisions(std::span<const double> weights) const {
    double positives = 0, negatives = 0, true_positives = 0, true_negatives = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      const double weight = weights.empty() ? 1 : weights[i];
      (labels[i] ? positives : negatives) += weight;
      if (labels[i] && predicted[i]) true_positives += weight;
      if (!labels[i] && !predicted[i]) true_negatives += weight;
    }
    const double sensitivity = true_positives / positives;
    const double specificity = true_negatives / negatives;
    return {sensitivity, specificity, (sensitivity + specificity) / 2};
  }
};

RankedClass ranked_class(const ClassScores& scores) {
  std::vector<size_t> rows;
  std::vector<double> values;
  std::vector<uint8_t> labels, predicted;
  for (size_t i = 0; i < scores.labels.size(); ++i) {
    if (scores.labels[i] < 0) continue;
    rows.push_back(i);
    values.push_back(scores.scores[i]);
    labels.push_back(scores.labels[i] == 1);
    predicted.push_back(scores.predicted[i]);
  }
  RankedScores ranked(values, labels);
  return {std::move(rows), std::move(labels), std::move(predicted), std::move(ranked)};
}

/// Values in the order of the keys.
std::vector<double> values_of(const std::vector<RankedClass>& classes,
                              std::span<const double> row_weights) {
  std::vector<double> first, others;
  double sum_auroc = 0, sum_auprc = 0, defined = 0;
  for (const auto& one : classes) {
    const auto weights = one.weights_of(row_weights);
    const double auroc = one.ranked.auroc(weights);
    const double auprc = one.ranked.average_precision(weights);
    if (first.empty()) {
      first = {auroc, auprc};
      const auto decisions = one.decisions(weights);
      first.insert(first.end(), decisions.begin(), decisions.end());
    }
    others.insert(others.end(), {auroc, auprc});
    // A class that is absent from a draw makes the mean undefined. Leaving it out would shift the
    // mean instead of widening its interval.
    if (!one.averaged) continue;
    sum_auroc += auroc;
    sum_auprc += auprc;
    ++defined;
  }
  if (classes.size() == 1) return first;
  first.insert(first.end(), others.begin(), others.end());
  first.insert(first.end(), {sum_auroc / defined, sum_auprc / defined});
  return first;
}

Support class_support(const RankedClass& ranked, const std::vector<std::string>& groups) {
  std::vector<std::string> known;
  for (const size_t row : ranked.rows) known.push_back(groups[row]);
  return support_of(ranked.labels, known);
}

}  // namespace

Scored score_classes(ClassRows rows) {
  Scored out;
  out.rows = std::move(rows.ids);
  for (size_t i = 0; i < out.rows.size(); ++i)
    for (const auto& one : rows.classes) out.rows[i] += cat(" ", int{one.labels[i]});
  out.groups = std::move(rows.groups);
  std::vector<RankedClass> classes;
  for (const auto& one : rows.classes) classes.push_back(ranked_class(one));
  out.positives = std::count(classes[0].labels.begin(), classes[0].labels.end(), 1);
  out.known = std::ssize(classes[0].labels);
  out.keys = {"auroc", "auprc", "sensitivity", "specificity", "balanced_accuracy"};
  out.supports.assign(out.keys.size(), class_support(classes[0], out.groups));
  if (classes.size() > 1) {
    std::vector<Support> supports;
    for (const auto& one : classes) supports.push_back(class_support(one, out.groups));
    const bool any = std::any_of(
        supports.begin(), supports.end(), [](const Support& one) { return one.has_interval(); });
    Support least;
    for (size_t c = 0; c < classes.size(); ++c) {
      const Support& support = supports[c];
      classes[c].averaged = any ? support.has_interval() : !std::isnan(classes[c].ranked.auroc());
      if (classes[c].averaged && (least.least() == 0 || support.least() < least.least()))
        least = support;
      for (const char* metric : {"auroc", "auprc"}) {
        out.keys.push_back(cat(rows.classes[c].name, ".", metric));
        out.supports.push_back(support);
      }
    }
    out.keys.insert(out.keys.end(), {"macro.auroc", "macro.auprc"});
    out.supports.insert(out.supports.end(), 2, least);
  }
  const auto shared = std::make_shared<const std::vector<RankedClass>>(std::move(classes));
  out.values = [shared](std::span<const double> weights) { return values_of(*shared, weights); };
  return out;
}

}  // namespace evenray
