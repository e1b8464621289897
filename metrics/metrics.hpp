// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "core/json.hpp"
#include "metrics/thresholds.hpp"

namespace evenray {

struct MetricOptions {
  Thresholds thresholds;  ///< picked elsewhere (validation) and frozen; empty: .5, or argmax for
                          ///< exclusive classes
  std::string split;      ///< which part the rows are, "" where that is not known
  int64_t bootstrap_draws = 1000;  ///< 0: no intervals
  double confidence = .95;
  uint64_t seed = 1;
  int threads = 1;  ///< changes no result
};

/// The metric panel of `classify eval` and `classify metrics`:
/// {"schema","n","split","classes":[{"name",
/// "positives","known","auroc","auprc","prevalence","threshold","sensitivity","specificity","ppv",
/// "npv","f1","mcc","brier","ece"}],"macro":{...},"micro":{...},"balanced_accuracy","accuracy",
/// "confusion","baselines":{"majority":{...}},"bootstrap":{...},"ci":{metric:[low,high]}}.
/// What each value means: classifier/panel.hpp. Undefined values are null. `confusion`: rows true,
/// columns said, in the order of the classes; where they do not exclude one another,
/// [[tn,fp],[fn,tp]] a class. `ci`: percentile intervals of a bootstrap over groups, by key
/// ("Fractured.auroc", "macro.auroc", "accuracy", ...). The majority baseline says the most
/// frequent class of these rows.
Json metrics(const Predictions& predictions, const MetricOptions& options = {});

/// The metrics of `first` minus those of `second` (same ids, classes and labels, in any order, else
/// 65), each draw with the same rows for both:
/// {"schema","n","split","bootstrap","differences":{key:
/// {"first","second","difference","ci":[low,high],"p"}}}. p: two-sided, by the bootstrap, not
/// adjusted. Groups are those of `first`. Thresholds: options.thresholds for `first`,
/// `second_thresholds` for `second`.
Json compare_metrics(const Predictions& first,
                     const Predictions& second,
                     const MetricOptions& options = {},
                     const Thresholds& second_thresholds = {});

/// Tables for people: at most 3 significant digits, counts beside rates, intervals where there are
/// any.
std::string metrics_text(const Json& metrics);
std::string comparison_text(const Json& comparison);

}  // namespace evenray
