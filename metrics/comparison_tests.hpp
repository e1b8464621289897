// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/json.hpp"
#include "metrics/metrics.hpp"

namespace evenray {

/// Returns the tests of two models on the same rows, class by class:
/// {"clustered","draws","classes":[{"name",
/// "auroc":{"test","first","first_standard_error","second","second_standard_error","difference",
/// "standard_error","ci":[low,high],"p","permutation_p"},
/// "decisions":{"test","metric","first","second","difference","standard_error","ci","p",
/// "first_only","second_only"}}]}.
///
/// If each group has one row, the tests are "delong" for the AUROC and the exact "mcnemar" for the
/// decisions, whose metric is the accuracy. If any group has two rows or more (`clustered`), these
/// tests are not valid: then they are "obuchowski" and "permutation" (over groups), whose metric is
/// the balanced accuracy. `first_only`: number of rows that only the first model decides right.
/// Errors, intervals and p are null if there is no variance or if the class has too few groups (see
/// support.hpp). No p is adjusted for multiple tests.
///
/// Requires that `second` has the ids, labels, groups and classes of `first` in the same order.
/// `options`: draws, seed, confidence and threads.
Json comparison_tests(const Predictions& first,
                      const Predictions& second,
                      const Decisions& first_decisions,
                      const Decisions& second_decisions,
                      const MetricOptions& options);

}  // namespace evenray
