// SPDX-License-Identifier: Apache-2.0
#include "metrics/thresholds.hpp"

#include <algorithm>
#include <cmath>
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

/// The ROC curve of one class on the rows whose label is known.
struct ClassCurve {
  std::vector<CurvePoint> points;  ///< points[0]: no row is predicted; empty: one label is absent
  double positives = 0, negatives = 0;
};

ClassCurve class_curve(const Predictions& predictions, size_t c) {
  const KnownScores known = known_scores(predictions, c);
  ClassCurve out;
  for (const uint8_t label : known.labels) (label ? out.positives : out.negatives) += 1;
  out.points = roc_curve(known.scores, known.labels);
  return out;
}

/// Returns the first point from `begin` on with the lowest loss(point).
template <class Loss>
size_t best_point(const std::vector<CurvePoint>& points, size_t begin, Loss loss) {
  size_t best = begin;
  for (size_t i = begin + 1; i < points.size(); ++i) {
    if (loss(points[i]) < loss(points[best])) best = i;
  }
  return best;
}

/// Returns the point of the curve that the rule picks; nullopt if there is none.
std::optional<size_t> picked_point(const ClassCurve& curve, const ThresholdRule& rule) {
  const auto& points = curve.points;
  if (points.empty()) return std::nullopt;
  if (rule.kind == ThresholdRule::Kind::sensitivity) {
    size_t i = 1;
    while (points[i].y < rule.sensitivity) ++i;  // the last point has sensitivity 1
    return i;
  }
  if (rule.kind == ThresholdRule::Kind::cost) {
    // Whole numbers of rows, so that equal costs compare as equal.
    return best_point(points, points[1].threshold < 1 ? 0 : 1, [&](const CurvePoint& point) {
      return rule.miss_cost * std::round(curve.positives * (1 - point.y)) +
             rule.false_alarm_cost * std::round(curve.negatives * point.x);
    });
  }
  const size_t best =
      best_point(points, 0, [](const CurvePoint& point) { return point.x - point.y; });
  if (best == 0) return std::nullopt;
  return best;
}

std::optional<double> picked_threshold(const ClassCurve& curve, const ThresholdRule& rule) {
  const auto best = picked_point(curve, rule);
  if (!best) return std::nullopt;
  const auto& points = curve.points;
  const double here = *best == 0 ? 1 : points[*best].threshold;
  if (*best + 1 == points.size()) return here;
  const double below = points[*best + 1].threshold, middle = std::midpoint(here, below);
  // Between adjacent doubles, the middle may be rounded to the lower score, which would include it.
  return middle == below ? here : middle;
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

ThresholdRule parse_threshold_rule(const std::string& text) {
  ThresholdRule rule;
  if (text == "youden") return rule;
  const auto parts = split_text(text, '=');
  if (parts.size() == 2 && parts[0] == "sensitivity") {
    rule.kind = ThresholdRule::Kind::sensitivity;
    if (parse_double(parts[1], rule.sensitivity) && rule.sensitivity > 0 && rule.sensitivity <= 1)
      return rule;
  }
  if (parts.size() == 2 && parts[0] == "cost") {
    rule.kind = ThresholdRule::Kind::cost;
    const auto costs = split_text(parts[1], ':');
    if (costs.size() == 2 && parse_double(costs[0], rule.miss_cost) &&
        parse_double(costs[1], rule.false_alarm_cost) && rule.miss_cost > 0 &&
        rule.false_alarm_cost > 0)
      return rule;
  }
  throw Error(Exit::config,
              cat("classify.threshold is '",
                  text,
                  "'; expected youden, sensitivity=S (S above 0, at most 1) or cost=MISS:ALARM "
                  "(both above 0), for example sensitivity=.95 or cost=10:1"));
}

Thresholds pick_thresholds(const Predictions& validation, const ThresholdRule& rule) {
  Thresholds thresholds;
  const bool two = validation.class_names.size() == 2 && validation.one_hot();
  for (size_t c = 0; c < validation.class_names.size(); ++c) {
    if (two && c != rarer_class(validation)) continue;
    if (const auto threshold = picked_threshold(class_curve(validation, c), rule))
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
