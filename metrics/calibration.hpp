// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/stats.hpp"

namespace evenray {

/// Calibration of predicted probabilities. Labels are 0 or 1. `weights`: how often each row counts
/// (empty: once each).

/// Returns the mean squared difference between probability and label (Brier 1950); NaN without
/// rows.
double brier_score(std::span<const double> probabilities,
                   std::span<const uint8_t> labels,
                   std::span<const double> weights = {});

struct ReliabilityBin {
  double weight = 0;     ///< sum of the row weights
  double predicted = 0;  ///< mean probability
  double observed = 0;   ///< proportion of positives
};

/// Returns bins of equal weight in the order of rank, from the highest probability downwards,
/// without empty bins. Rows of equal probability all go to the bin of their middle rank, so that
/// the order of rows does not matter. Requires that `ranked` was made from these probabilities and
/// labels.
std::vector<ReliabilityBin> reliability(const RankedScores& ranked,
                                        std::span<const double> probabilities,
                                        std::span<const uint8_t> labels,
                                        std::span<const double> weights = {},
                                        int bins = 15);

/// Returns the expected calibration error: the weighted mean of |predicted - observed| over the
/// bins (Nixon et al. 2019, adaptive bins). NaN without rows.
double calibration_error(const std::vector<ReliabilityBin>& bins);

}  // namespace evenray
