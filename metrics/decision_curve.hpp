// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/json.hpp"
#include "metrics/predictions.hpp"

namespace evenray {

/// The threshold probabilities of the decision curve in a panel.
inline constexpr std::array kDecisionThresholds{
    .01, .02, .05, .1, .15, .2, .25, .3, .4, .5, .6, .7, .8, .9};

/// Net benefit at one threshold probability, in true positives per row. Treating no row has the net
/// benefit 0.
struct NetBenefit {
  double model = 0;  ///< treat the rows whose probability reaches the threshold
  double all = 0;    ///< treat all rows
};

/// Returns the net benefit at each threshold t: TP / n - FP / n * t / (1 - t) (Vickers and Elkin
/// 2006, "Decision curve analysis", Medical Decision Making 26, 565-574). t / (1 - t) is how many
/// missed positives one false positive weighs. Probabilities should be calibrated; thresholds must
/// be in [0, 1), labels 0 or 1. NaN without rows.
std::vector<NetBenefit> decision_curve(std::span<const double> probabilities,
                                       std::span<const uint8_t> labels,
                                       std::span<const double> thresholds);

/// Returns {"calibrated","thresholds":[t],"none":0,"classes":[{"name","model":[x],"all":[x]}]} at
/// kDecisionThresholds, from the rows whose label of the class is known (null without any).
/// `calibrated`: whether a temperature was applied to the probabilities.
Json decision_curve_json(const Predictions& predictions, bool calibrated);

}  // namespace evenray
