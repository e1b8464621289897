// SPDX-License-Identifier: Apache-2.0
#include "metrics/thresholds.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// Returns the index of the class with fewer positives; of two equal classes, the last one.
size_t rarer_class(const Predictions& predictions) {
  int64_t surplus = 0;
  for (const auto& row : predictions.labels) surplus += (row[0] == 1) - (row[1] == 1);
  return surplus < 0 ? 0 : 1;
}

/// nullopt if no threshold has J > 0.
std::optional<double> youden_threshold(const Predictions& predictions, size_t c) {
  std::vector<double> scores;
  std::vector<uint8_t> labels;
  for (size_t row = 0; row < predictions.rows(); ++row) {
    if (predictions.labels[row][c] < 0) continue;
    scores.push_back(predictions.probabilities[row][c]);
    labels.push_back(predictions.labels[row][c] == 1);
  }
  const auto curve = roc_curve(scores, labels);
  size_t best = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    if (curve[i].y - curve[i].x > curve[best].y - curve[best].x) best = i;
  }
  if (best == 0) return std::nullopt;
  const double here = curve[best].threshold;
  const double middle =
      best + 1 < curve.size() ? std::midpoint(here, curve[best + 1].threshold) : here;
  // Between adjacent doubles, the middle may be rounded to the lower score, which would include it.
  return best + 1 < curve.size() && middle == curve[best + 1].threshold ? here : middle;
}

}  // namespace

Thresholds read_thresholds(const Path& path) {
  const Json json = read_json(path);
  Thresholds thresholds;
  check(json.is_object(),
        Exit::bad_data,
        cat(path.string(), ": expected a JSON object {\"CLASS\": threshold}"));
  for (const auto& [name, value] : json.items()) {
    if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1)) {
      throw Error(Exit::bad_data,
                  cat(path.string(),
                      ": the threshold of '",
                      name,
                      "' is ",
                      value.dump(),
                      "; expected a number from 0 to 1"));
    }
    thresholds[name] = value.get<double>();
  }
  return thresholds;
}

Thresholds pick_thresholds(const Predictions& validation) {
  Thresholds thresholds;
  const bool two = validation.class_names.size() == 2 && validation.one_hot();
  for (size_t c = 0; c < validation.class_names.size(); ++c) {
    if (two && c != rarer_class(validation)) continue;
    if (const auto threshold = youden_threshold(validation, c))
      thresholds[validation.class_names[c]] = *threshold;
  }
  return thresholds;
}

Decisions decide(const Predictions& predictions, const Thresholds& thresholds) {
  const size_t classes = predictions.class_names.size();
  Decisions out;
  out.exclusive = predictions.one_hot();
  out.thresholds.resize(classes);
  for (const auto& [name, value] : thresholds)
    out.thresholds[predictions.class_index(name)] = value;
  const bool use_highest = out.exclusive && (thresholds.empty() || classes > 2);
  size_t deciding = 0;
  if (out.exclusive && !use_highest) {
    deciding = thresholds.size() == 2 ? rarer_class(predictions) : (out.thresholds[0] ? 0 : 1);
    out.thresholds[1 - deciding].reset();
  }
  if (!out.exclusive || (use_highest && !thresholds.empty())) {
    for (auto& threshold : out.thresholds) threshold = threshold.value_or(.5);
  }
  for (const auto& row : predictions.probabilities) {
    auto& predicted = out.predicted.emplace_back(classes, uint8_t{0});
    if (use_highest) {
      const auto relative = [&](size_t c) {
        return row[c] / std::max(out.thresholds[c].value_or(1), 1e-12);
      };
      size_t highest = 0;
      for (size_t c = 1; c < classes; ++c) {
        if (relative(c) > relative(highest)) highest = c;
      }
      predicted[highest] = 1;
    } else if (out.exclusive) {
      predicted[row[deciding] >= *out.thresholds[deciding] ? deciding : 1 - deciding] = 1;
    } else {
      for (size_t c = 0; c < classes; ++c) predicted[c] = row[c] >= *out.thresholds[c];
    }
  }
  return out;
}

}  // namespace evenray
