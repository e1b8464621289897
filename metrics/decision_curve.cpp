// SPDX-License-Identifier: Apache-2.0
#include "metrics/decision_curve.hpp"

#include <cassert>
#include <cmath>
#include <numeric>

namespace evenray {

std::vector<NetBenefit> decision_curve(std::span<const double> probabilities,
                                       std::span<const uint8_t> labels,
                                       std::span<const double> thresholds) {
  assert(probabilities.size() == labels.size());
  const auto rows = static_cast<double>(labels.size());
  const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
  std::vector<NetBenefit> curve;
  for (const double threshold : thresholds) {
    assert(threshold >= 0 && threshold < 1);
    double true_positives = 0, false_positives = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      if (probabilities[row] >= threshold) (labels[row] ? true_positives : false_positives) += 1;
    }
    const double weight = threshold / (1 - threshold);
    curve.push_back({(true_positives - false_positives * weight) / rows,
                     (positives - (rows - positives) * weight) / rows});
  }
  return curve;
}

Json decision_curve_json(const Predictions& predictions, bool calibrated) {
  Json classes = Json::array();
  for (size_t c = 0; c < predictions.class_names.size(); ++c) {
    const auto [probabilities, labels] = known_scores(predictions, c);
    Json model = Json::array(), all = Json::array();
    for (const auto& benefit : decision_curve(probabilities, labels, kDecisionThresholds)) {
      model.push_back(std::isfinite(benefit.model) ? Json(benefit.model) : Json(nullptr));
      all.push_back(std::isfinite(benefit.all) ? Json(benefit.all) : Json(nullptr));
    }
    classes.push_back({{"name", predictions.class_names[c]}, {"model", model}, {"all", all}});
  }
  return {{"calibrated", calibrated},
          {"thresholds", kDecisionThresholds},
          {"none", 0},
          {"classes", classes}};
}

}  // namespace evenray
