// SPDX-License-Identifier: Apache-2.0
#include "metrics/panel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/text.hpp"
#include "metrics/calibration.hpp"

namespace evenray {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kSensitivity = 3, kSpecificity = 4;
static_assert(kClassMetrics[kSensitivity] == "sensitivity" &&
              kClassMetrics[kSpecificity] == "specificity");

double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

/// Mean of the added values; NaN without any.
class Mean {
 public:
  void add(double value) { sum_ += value, count_ += 1; }
  double value() const { return ratio(sum_, count_); }

 private:
  double sum_ = 0, count_ = 0;
};

}  // namespace

Panel::Panel(const Predictions& predictions, const Thresholds& thresholds)
    : decisions_(decide(predictions, thresholds)) {
  std::vector<Pair> all;
  for (size_t c = 0; c < predictions.class_names.size(); ++c) {
    std::vector<Pair> known;
    for (size_t row = 0; row < predictions.rows(); ++row) {
      if (predictions.labels[row][c] >= 0) known.emplace_back(row, c);
    }
    all.insert(all.end(), known.begin(), known.end());
    columns_.push_back(make_column(predictions, std::move(known)));
  }
  columns_.push_back(make_column(predictions, std::move(all)));
  auto names = predictions.class_names;
  names.insert(names.end(), {"macro", "micro"});
  for (const auto& name : names) {
    for (const auto metric : kClassMetrics) keys_.push_back(cat(name, ".", metric));
  }
  keys_.insert(keys_.end(), {"balanced_accuracy", "accuracy"});
  for (const auto& column : columns_) {
    Counts counts;
    unweighted_.push_back(measure(column, {}, counts));
  }
}

Panel::Column Panel::make_column(const Predictions& predictions, std::vector<Pair> pairs) const {
  // In rank order, so that each draw reads memory sequentially.
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
    return predictions.probabilities[a.first][a.second] >
           predictions.probabilities[b.first][b.second];
  });
  std::vector<size_t> rows;
  std::vector<double> probabilities;
  std::vector<uint8_t> labels, predicted;
  for (const auto& [row, c] : pairs) {
    rows.push_back(row);
    probabilities.push_back(predictions.probabilities[row][c]);
    labels.push_back(predictions.labels[row][c] == 1);
    predicted.push_back(decisions_.predicted[row][c]);
  }
  RankedScores ranked(probabilities, labels);
  return {std::move(rows),
          std::move(probabilities),
          std::move(labels),
          std::move(predicted),
          std::move(ranked)};
}

int64_t Panel::positives(size_t c) const {
  return std::accumulate(columns_[c].labels.begin(), columns_[c].labels.end(), int64_t{0});
}

Panel::Values Panel::measure(const Column& column,
                             std::span<const double> row_weights,
                             Counts& counts) {
  std::vector<double> weights;
  if (!row_weights.empty()) {
    weights.reserve(column.rows.size());
    for (size_t row : column.rows) weights.push_back(row_weights[row]);
  }
  // Two sums for each outcome, added to in turn, so that an addition need not wait for the last.
  std::array<std::array<double, 4>, 2> sums{};
  for (size_t i = 0; i < column.labels.size(); ++i)
    sums[i % 2][column.labels[i] * 2 + column.predicted[i]] += weights.empty() ? 1 : weights[i];
  const auto sum = [&](size_t outcome) { return sums[0][outcome] + sums[1][outcome]; };
  counts = {.true_positive = sum(3),
            .false_positive = sum(1),
            .false_negative = sum(2),
            .true_negative = sum(0)};
  const auto [tp, fp, fn, tn] = counts;
  const double positives = tp + fn, negatives = fp + tn, predicted_positives = tp + fp,
               predicted_negatives = fn + tn;
  double mcc = kUndefined;
  if (positives > 0 && negatives > 0) {
    const double scale = std::sqrt(positives) * std::sqrt(negatives) *
                         std::sqrt(predicted_positives) * std::sqrt(predicted_negatives);
    mcc = scale > 0 ? (tp * tn - fp * fn) / scale : 0;
  }
  return {
      column.ranked.auroc(weights),
      column.ranked.average_precision(weights),
      ratio(positives, positives + negatives),
      ratio(tp, positives),
      ratio(tn, negatives),
      ratio(tp, predicted_positives),
      ratio(tn, predicted_negatives),
      ratio(2 * tp, 2 * tp + fp + fn),
      mcc,
      brier_score(column.probabilities, column.labels, weights),
      calibration_error(reliability(column.ranked, column.probabilities, column.labels, weights))};
}

std::vector<double> Panel::values(std::span<const double> weights) const {
  const size_t classes = columns_.size() - 1;
  std::vector<double> out;
  std::array<Mean, kClassMetrics.size()> macro;
  Mean balanced;
  double right = 0, all = 0;
  Values micro{};
  for (size_t c = 0; c <= classes; ++c) {
    Counts counts;
    const Values values = measure(columns_[c], weights, counts);
    if (c == classes) {
      micro = values;
      // If classes are exclusive, each row has one positive label and one predicted class, so the
      // correct rows are the true positives.
      right = counts.true_positive + (decisions_.exclusive ? 0 : counts.true_negative);
      all = right + counts.false_negative + (decisions_.exclusive ? 0 : counts.false_positive);
      break;
    }
    out.insert(out.end(), values.begin(), values.end());
    // A class that is absent from a draw makes the mean undefined. Leaving the class out would
    // shift the mean instead of widening its interval.
    const Values& reference = unweighted_[c];
    for (size_t m = 0; m < values.size(); ++m) {
      if (!std::isnan(reference[m])) macro[m].add(values[m]);
    }
    const double sensitivity = values[kSensitivity], specificity = values[kSpecificity];
    if (decisions_.exclusive && !std::isnan(reference[kSensitivity])) {
      balanced.add(sensitivity);
    } else if (!decisions_.exclusive &&
               !std::isnan(reference[kSensitivity] + reference[kSpecificity])) {
      balanced.add((sensitivity + specificity) / 2);
    }
  }
  for (const auto& one : macro) out.push_back(one.value());
  out.insert(out.end(), micro.begin(), micro.end());
  out.insert(out.end(), {balanced.value(), ratio(right, all)});
  return out;
}

}  // namespace evenray
