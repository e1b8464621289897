// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/metrics.hpp"
#include "metrics/predictions.hpp"
#include "metrics/thresholds.hpp"

namespace evenray {
namespace {

constexpr size_t kMostValues = 20;

Predictions with_rows(const Predictions& predictions, const std::vector<size_t>& rows) {
  Predictions out{predictions.class_names, {}, {}, {}, {}, predictions.one_hot()};
  for (const size_t row : rows) {
    out.ids.push_back(predictions.ids[row]);
    out.groups.push_back(predictions.groups[row]);
    out.labels.push_back(predictions.labels[row]);
    out.probabilities.push_back(predictions.probabilities[row]);
  }
  return out;
}

}  // namespace

void check_few_values(const std::string& column, const std::vector<std::string>& values) {
  const size_t different = std::set<std::string>(values.begin(), values.end()).size();
  check(different <= kMostValues,
        Exit::bad_data,
        cat("column ",
            column,
            " has ",
            different,
            " different values, more than ",
            kMostValues,
            "; write a column that divides the rows into fewer"));
}

Json metrics_by(const Predictions& predictions,
                const std::string& column,
                const std::vector<std::string>& values,
                const MetricOptions& options) {
  check_few_values(column, values);
  std::map<std::string, std::vector<size_t>> rows_of;
  for (size_t row = 0; row < values.size(); ++row) rows_of[values[row]].push_back(row);
  Json out{{"column", column}, {"values", Json::array()}};
  // Of two classes that exclude each other one decides: the rarer one of all rows.
  MetricOptions own = options;
  own.thresholds.clear();
  const Decisions decisions = decide(predictions, options.thresholds);
  for (size_t c = 0; c < predictions.class_names.size(); ++c)
    if (const auto threshold = decisions.thresholds[c])
      own.thresholds[predictions.class_names[c]] = *threshold;
  for (const auto& [value, rows] : rows_of) {
    Json found = metrics(with_rows(predictions, rows), own);
    found["value"] = value;
    out["values"].push_back(std::move(found));
  }
  return out;
}

}  // namespace evenray
