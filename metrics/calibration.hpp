// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/stats.hpp"

namespace evenray {

/// Whether probabilities mean what they say. Labels are 0 or 1; weights count rows several times
/// (empty: all 1).

/// Mean squared distance of probability and label (Brier 1950); NaN without rows.
double brier_score(std::span<const double> probabilities,
                   std::span<const uint8_t> labels,
                   std::span<const double> weights = {});

struct ReliabilityBin {
  double weight = 0;
  double predicted = 0;  ///< mean probability
  double observed = 0;   ///< share of positives
};

/// Bins of equal mass by rank, from the highest probability down, empty ones left out. Equal
/// probabilities share the bin of their middle rank, so that the order of rows does not matter.
/// `ranked` must be the ranking of these probabilities and labels.
std::vector<ReliabilityBin> reliability(const RankedScores& ranked,
                                        std::span<const double> probabilities,
                                        std::span<const uint8_t> labels,
                                        std::span<const double> weights = {},
                                        int bins = 15);

/// Expected calibration error: the bins' |predicted - observed|, weighted (Nixon et al. 2019,
/// adaptive bins). NaN without rows.
double calibration_error(const std::vector<ReliabilityBin>& bins);

}  // namespace evenray
