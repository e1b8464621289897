// SPDX-License-Identifier: Apache-2.0
#include "metrics/temperature.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr const char* kCalibrationSchema = "evenray-calibration-1";
constexpr double kLeastProbability = 1e-12;
constexpr double kMostExtreme = 20;

double log_odds(double p) {
  p = std::clamp(p, kLeastProbability, 1 - kLeastProbability);
  return std::log(p) - std::log1p(-p);
}

double logistic_of(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<double> softmax(std::vector<double> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (auto& value : logits) sum += value = std::exp(value - largest);
  for (auto& value : logits) value /= sum;
  return logits;
}

}  // namespace

std::vector<std::vector<double>> Temperature::apply(
    const std::vector<std::vector<double>>& probabilities) const {
  auto out = probabilities;
  if (value == 1) return out;
  for (auto& row : out) {
    if (!exclusive) {
      for (auto& p : row) p = logistic_of(log_odds(p) / value);
      continue;
    }
    for (auto& p : row) p = std::log(std::max(p, kLeastProbability)) / value;
    row = softmax(row);
  }
  return out;
}

double Temperature::apply_to_threshold(double threshold) const {
  return logistic_of(log_odds(threshold) / value);
}

double negative_log_likelihood(const Predictions& predictions, bool exclusive) {
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < predictions.labels.size(); ++i) {
    for (size_t c = 0; c < predictions.labels[i].size(); ++c) {
      const int8_t label = predictions.labels[i][c];
      // Of exclusive classes only the true one counts.
      if (label < 0 || (exclusive && label == 0)) continue;
      const double p = predictions.probabilities[i][c];
      sum -= std::log(std::max(label == 1 ? p : 1 - p, kLeastProbability));
      ++count;
    }
  }
  return count == 0 ? NAN : sum / static_cast<double>(count);
}

Temperature fit_temperature(const Predictions& validation, bool exclusive) {
  Predictions scaled = validation;
  const auto loss = [&](double log_temperature) {
    scaled.probabilities =
        Temperature{std::exp(log_temperature), exclusive}.apply(validation.probabilities);
    return negative_log_likelihood(scaled, exclusive);
  };
  if (!std::isfinite(loss(0))) return {1, exclusive};
  // The loss has one minimum: it is convex in 1 / temperature. Golden-section search.
  double low = -std::log(kMostExtreme), high = -low;
  const double share = 1 / std::numbers::phi;
  double left = high - share * (high - low), right = low + share * (high - low);
  double at_left = loss(left), at_right = loss(right);
  while (high - low > 1e-7) {
    if (at_left <= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      at_left = loss(left = high - share * (high - low));
    } else {
      low = left;
      left = right;
      at_left = at_right;
      at_right = loss(right = low + share * (high - low));
    }
  }
  return {std::exp((low + high) / 2), exclusive};
}

Json temperature_json(const Temperature& temperature, const Predictions& validation) {
  Predictions scaled = validation;
  scaled.probabilities = temperature.apply(validation.probabilities);
  const bool exclusive = temperature.exclusive;
  return {{"schema", kCalibrationSchema},
          {"temperature", temperature.value},
          {"exclusive", exclusive},
          {"nll", negative_log_likelihood(validation, exclusive)},
          {"nll_calibrated", negative_log_likelihood(scaled, exclusive)}};
}

Temperature read_temperature(const Path& path) {
  const Json json = read_json(path);
  try {
    const Temperature out{json.at("temperature"), json.at("exclusive")};
    if (json.at("schema") == kCalibrationSchema && std::isfinite(out.value) && out.value > 0)
      return out;
  } catch (const Json::exception&) {
  }
  throw Error(Exit::bad_data, cat(path.string(), ": damaged calibration"));
}

}  // namespace evenray
