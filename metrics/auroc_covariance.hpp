// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace evenray {

/// Variances of areas under the ROC curve without a model of the scores. All functions sort the
/// rows once, so they take O(n log n) time (Sun and Xu 2014, "Fast implementation of DeLong's
/// algorithm ...", IEEE Signal Processing Letters 21). Scores must not be NaN; labels are 0 or 1.
/// A variance is NaN unless two groups or more have a positive row and two or more a negative one
/// (for DeLong: two rows each), and all values are NaN if one label is absent.

struct AurocEstimate {
  double auroc = 0;
  double variance = 0;
};

/// Two models on the same rows.
struct AurocPair {
  AurocEstimate first, second;
  double covariance = 0;
  /// Variance of first - second. It is computed from the differences of the rows, so it is exactly
  /// 0 if both models rank the rows alike.
  double difference_variance = 0;
};

/// DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, 837-845, with the divisors (positives -
/// 1) and (negatives - 1) of the paper. Only for independent rows: each row is of another patient.
AurocEstimate delong(std::span<const double> scores, std::span<const uint8_t> labels);
AurocPair delong(std::span<const double> first,
                 std::span<const double> second,
                 std::span<const uint8_t> labels);

/// Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data", Biometrics 53, 567-578:
/// the same with dependent rows in a group. The AUROC is still that of all pairs of rows. Sums over
/// a group take the place of rows, and groups that have both labels add a term. If each row is a
/// group of its own, the values are exactly those of delong(). A row with an empty group is a group
/// of its own. A variance may be negative if a few groups have both labels.
AurocEstimate obuchowski(std::span<const double> scores,
                         std::span<const uint8_t> labels,
                         const std::vector<std::string>& groups);
AurocPair obuchowski(std::span<const double> first,
                     std::span<const double> second,
                     std::span<const uint8_t> labels,
                     const std::vector<std::string>& groups);

}  // namespace evenray
