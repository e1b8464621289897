// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/json.hpp"
#include "metrics/temperature.hpp"
#include "metrics/thresholds.hpp"

namespace evenray {

/// metrics scores predictions of any classifier; it needs no network. Read this header first, then
/// predictions.hpp (the table of predictions), thresholds.hpp (decisions), panel.hpp (the metrics
/// of each class), stats.hpp (ranking, intervals and tests), support.hpp (intervals from few
/// groups), resampling.hpp (the bootstrap), text.hpp (tables), scored.hpp (the values that a study
/// compares), calibration.hpp and decision_curve.hpp. comparison_tests.hpp tests two models against
/// each other, with auroc_covariance.hpp (DeLong, Obuchowski), paired_decisions.hpp (McNemar) and
/// permutation.hpp. logistic.hpp is a separate baseline on metadata.

struct MetricOptions {
  Thresholds thresholds;  ///< fixed beforehand (picked on the validation part); empty: .5, or
                          ///< argmax for exclusive classes
  std::optional<Temperature> temperature;  ///< fitted on the validation part
  std::string split;               ///< name of the part that the rows are from; "" if unknown
  int64_t bootstrap_draws = 1000;  ///< bootstrap replicates; 0: no intervals
  double confidence = .95;         ///< coverage of the intervals
  uint64_t seed = 1;               ///< of the bootstrap
  int threads = 1;                 ///< does not change any result
};

/// Returns the metric panel of `classify eval` and `classify metrics`:
/// {"schema","n","split","classes":[{"name",
/// "positives","known","auroc","auprc","prevalence","threshold","sensitivity","specificity","ppv",
/// "npv","f1","mcc","brier","ece"}],"macro":{...},"micro":{...},"balanced_accuracy","accuracy",
/// "confusion","baselines":{"majority":{...}},"decision_curve":{...},"bootstrap":{...},
/// "ci":{metric:[low,high]},"cautions"}.
/// The values are defined in metrics/panel.hpp. Undefined values are null. `confusion`: one row per
/// true class and one column per predicted class, in the order of the classes; if classes are not
/// exclusive, [[tn,fp],[fn,tp]] per class. `ci`: percentile intervals of a bootstrap over groups,
/// by key ("Fractured.auroc", "macro.auroc", "accuracy", ...); null if there are too few groups
/// (see support.hpp). `cautions`: texts about intervals from few groups. The majority baseline
/// always predicts the most frequent class of these rows. With a temperature, "calibration" has it,
/// the negative log-likelihood before and after ("nll","nll_calibrated"), and for each class
/// {"name","brier","ece","reliability","brier_calibrated",...}; `reliability`: see calibration.hpp.
/// `decision_curve`: see decision_curve.hpp; of the calibrated probabilities if there is a
/// temperature. The other values are those of the probabilities as they are. Throws 65 for a
/// threshold of a class that the predictions lack.
Json metrics(const Predictions& predictions, const MetricOptions& options = {});

/// Throws 65 if a column has more than 20 different values, too many to give the metrics of each.
void check_few_values(const std::string& column, const std::vector<std::string>& values);

/// Returns the metrics of the rows that share a value of a column,
/// {"column","values":[{"value",...as metrics()}]}, by value. `values`: of each row; "" is a value
/// of its own. Decisions are made as in all rows. Throws 65 like check_few_values().
Json metrics_by(const Predictions& predictions,
                const std::string& column,
                const std::vector<std::string>& values,
                const MetricOptions& options = {});

/// Returns the metrics of `first` minus those of `second`. Each bootstrap draw uses the same rows
/// for both. Throws 65 unless both have the same ids, classes and labels (in any order).
/// {"schema","n","split","bootstrap","cautions","differences":{key:
/// {"first","second","difference","ci":[low,high],"p"}},"tests":{...}}.
/// `p`: two-sided bootstrap p value, not adjusted for multiple tests. `tests`: see
/// comparison_tests.hpp. The groups of `first` are used. Thresholds: options.thresholds for
/// `first`, `second_thresholds` for `second`.
Json compare_metrics(const Predictions& first,
                     const Predictions& second,
                     const MetricOptions& options = {},
                     const Thresholds& second_thresholds = {});

/// Returns tables for the terminal: at most 3 significant digits, counts beside rates, and the
/// intervals that exist.
std::string metrics_text(const Json& metrics);
std::string metrics_by_text(const Json& by);
std::string comparison_text(const Json& comparison);

}  // namespace evenray
