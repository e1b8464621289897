// SPDX-License-Identifier: Apache-2.0
#include "metrics/comparison_tests.hpp"

#include <algorithm>
#include <cmath>

#include "metrics/auroc_covariance.hpp"
#include "metrics/paired_decisions.hpp"
#include "metrics/permutation.hpp"
#include "metrics/resampling.hpp"
#include "metrics/support.hpp"

namespace evenray {
namespace {

/// The rows of one class whose label is known.
struct PairedRows {
  PairedDecisions decisions;
  std::vector<double> first, second;  ///< probabilities
};

PairedRows rows_of_class(const Predictions& first,
                         const Predictions& second,
                         const Decisions& first_decisions,
                         const Decisions& second_decisions,
                         size_t c) {
  PairedRows out;
  for (size_t row = 0; row < first.rows(); ++row) {
    if (first.labels[row][c] < 0) continue;
    const uint8_t label = first.labels[row][c] == 1;
    out.decisions.labels.push_back(label);
    out.decisions.first_right.push_back(first_decisions.predicted[row][c] == label);
    out.decisions.second_right.push_back(second_decisions.predicted[row][c] == label);
    out.decisions.groups.push_back(first.groups[row]);
    out.first.push_back(first.probabilities[row][c]);
    out.second.push_back(second.probabilities[row][c]);
  }
  return out;
}

/// Adds the difference, its standard error and its interval. Returns the normal p value; null if
/// there is none.
Json add_difference(double difference, double variance, double confidence, Json& out) {
  const NormalTest test = normal_test(difference, variance, confidence);
  out["difference"] = number_json(difference);
  out["standard_error"] = number_json(test.error);
  out["ci"] = std::isfinite(test.error) ? Json{test.interval.low, test.interval.high} : Json();
  return number_json(test.p);
}

Json auroc_json(const PairedRows& rows,
                bool clustered,
                bool enough,
                double confidence,
                const Permutations& permutations) {
  const auto& [labels, first_right, second_right, groups] = rows.decisions;
  const AurocPair pair = clustered ? obuchowski(rows.first, rows.second, labels, groups)
                                   : delong(rows.first, rows.second, labels);
  const auto error = [&](double variance) {
    return number_json(enough ? normal_test(0, variance).error : NAN);
  };
  Json out{{"test", clustered ? "obuchowski" : "delong"},
           {"first", number_json(pair.first.auroc)},
           {"first_standard_error", error(pair.first.variance)},
           {"second", number_json(pair.second.auroc)},
           {"second_standard_error", error(pair.second.variance)}};
  const Json p = add_difference(pair.first.auroc - pair.second.auroc,
                                enough ? pair.difference_variance : NAN,
                                confidence,
                                out);
  out["p"] = p;
  out["permutation_p"] = number_json(
      enough ? auroc_permutation_p(rows.first, rows.second, labels, groups, permutations) : NAN);
  return out;
}

Json decisions_json(const PairedDecisions& decisions,
                    bool clustered,
                    bool enough,
                    double confidence,
                    const Permutations& permutations) {
  const auto& [labels, first_right, second_right, groups] = decisions;
  int64_t first_only = 0, second_only = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    first_only += first_right[row] > second_right[row];
    second_only += first_right[row] < second_right[row];
  }
  const PairedDifference found =
      clustered ? balanced_accuracy_difference(decisions) : accuracy_difference(decisions);
  Json out{{"test", clustered ? "permutation" : "mcnemar"},
           {"metric", clustered ? "balanced_accuracy" : "accuracy"},
           {"first", number_json(found.first)},
           {"second", number_json(found.second)}};
  add_difference(found.first - found.second, enough ? found.variance : NAN, confidence, out);
  double p = NAN;
  if (enough) {
    p = clustered ? balanced_accuracy_permutation_p(
                        first_right, second_right, labels, groups, permutations)
                  : mcnemar_p(first_only, second_only);
  }
  out["p"] = number_json(p);
  out["first_only"] = first_only;
  out["second_only"] = second_only;
  return out;
}

}  // namespace

Json comparison_tests(const Predictions& first,
                      const Predictions& second,
                      const Decisions& first_decisions,
                      const Decisions& second_decisions,
                      const MetricOptions& options) {
  const bool clustered = group_index(first.groups).count < first.rows();
  const int64_t draws = std::max<int64_t>(0, options.bootstrap_draws);
  const Permutations permutations{draws, Rng(options.seed), options.threads};
  Json classes = Json::array();
  for (size_t c = 0; c < first.class_names.size(); ++c) {
    const PairedRows rows = rows_of_class(first, second, first_decisions, second_decisions, c);
    const bool enough = support_of(rows.decisions.labels, rows.decisions.groups).has_interval();
    classes.push_back(
        {{"name", first.class_names[c]},
         {"auroc", auroc_json(rows, clustered, enough, options.confidence, permutations)},
         {"decisions",
          decisions_json(rows.decisions, clustered, enough, options.confidence, permutations)}});
  }
  return {{"clustered", clustered}, {"draws", draws}, {"classes", classes}};
}

}  // namespace evenray
