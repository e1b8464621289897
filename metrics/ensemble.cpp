// SPDX-License-Identifier: Apache-2.0
#include "metrics/ensemble.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr double kLeastProbability = 1e-12;
constexpr int kMostRounds = 10000;
constexpr double kSmallestStep = 1e-10;

void check_same_rows(const std::vector<Predictions>& models) {
  for (size_t k = 1; k < models.size(); ++k)
    check(models[k].class_names == models[0].class_names && models[k].ids == models[0].ids &&
              models[k].labels == models[0].labels,
          Exit::bad_data,
          cat("model ", k + 1, " of the ensemble was made for other rows or classes than model 1"));
}

/// Returns the probability that each model gives to each known label: [label][model]. Of exclusive
/// classes only the true class counts.
std::vector<std::vector<double>> likelihoods(const std::vector<Predictions>& models) {
  const bool exclusive = models[0].one_hot();
  std::vector<std::vector<double>> out;
  for (size_t row = 0; row < models[0].rows(); ++row) {
    for (size_t c = 0; c < models[0].class_names.size(); ++c) {
      const int8_t label = models[0].labels[row][c];
      if (label < 0 || (exclusive && label == 0)) continue;
      auto& of_label = out.emplace_back();
      for (const auto& model : models) {
        const double p = model.probabilities[row][c];
        of_label.push_back(std::max(kLeastProbability, label == 1 ? p : 1 - p));
      }
    }
  }
  return out;
}

}  // namespace

Predictions ensemble_of(const std::vector<Predictions>& models,
                        const std::vector<double>& weights) {
  check_same_rows(models);
  Predictions out = models.at(0);
  for (size_t row = 0; row < out.rows(); ++row) {
    for (size_t c = 0; c < out.class_names.size(); ++c) {
      double mean = 0;
      for (size_t k = 0; k < models.size(); ++k)
        mean += weights[k] * models[k].probabilities[row][c];
      out.probabilities[row][c] = std::clamp(mean, 0., 1.);
    }
  }
  return out;
}

std::vector<double> best_weights(const std::vector<Predictions>& models) {
  check_same_rows(models);
  const size_t count = models.size();
  std::vector<double> weights(count, 1 / static_cast<double>(count));
  const auto given = likelihoods(models);
  if (given.empty()) return weights;
  for (int round = 0; round < kMostRounds; ++round) {
    // The share of each model in the mixture's likelihood of a label, averaged over the labels.
    std::vector<double> next(count, 0);
    for (const auto& of_label : given) {
      double mixture = 0;
      for (size_t k = 0; k < count; ++k) mixture += weights[k] * of_label[k];
      for (size_t k = 0; k < count; ++k) next[k] += weights[k] * of_label[k] / mixture;
    }
    double step = 0;
    for (size_t k = 0; k < count; ++k) {
      next[k] /= static_cast<double>(given.size());
      step = std::max(step, std::abs(next[k] - weights[k]));
    }
    weights = next;
    if (step < kSmallestStep) break;
  }
  return weights;
}

}  // namespace evenray
