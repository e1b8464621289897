// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "metrics/predictions.hpp"

namespace evenray {

/// Returns the weighted mean of the probabilities of several models for the same rows (a linear
/// opinion pool, Stone 1961). `weights`: one per model, 0 or more, sum 1. Throws 65 if ids, classes
/// or labels differ.
Predictions ensemble_of(const std::vector<Predictions>& models, const std::vector<double>& weights);

/// Returns the weights of this mean that give the known labels the highest likelihood. The problem
/// is convex and is solved by expectation maximisation (Dempster et al. 1977, section 4.3: mixing
/// proportions of known components). Pick them on the validation part. Equal weights if no label is
/// known. Throws like ensemble_of().
std::vector<double> best_weights(const std::vector<Predictions>& models);

}  // namespace evenray
