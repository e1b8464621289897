// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/json.hpp"

namespace evenray {

/// What one arm said about the test rows, a seed each.
struct ArmRuns {
  std::string arm;
  std::vector<std::vector<double>> scores;      ///< [seed][row]: probability of the rare class
  std::vector<std::vector<uint8_t>> decisions;  ///< [seed][row]: said to be of the rare class at
                                                ///< the threshold frozen on validation
};

struct ComparisonInput {
  std::vector<std::string> groups;  ///< by row
  std::vector<uint8_t> labels;      ///< by row: of the rare class
  std::vector<ArmRuns> arms;        ///< each with equally many seeds
  std::string contrast;             ///< "A vs B", named beforehand
  int64_t draws = 2000;
  uint64_t seed = 1;
};

/// Means over seeds with 95 % intervals, and paired differences to `real` and `oversample`, by
/// resampling groups and seeds together: draw k takes the same groups and the same seeds for all
/// arms. {"metrics":[...],"arms":[{"arm","metrics":{m:{"value","ci","seeds":[...]}}}],
/// "differences":[{"first","second","primary","metrics":{m:{"value","ci","p","p_holm"}}}],"detectable":{m:...}}.
/// The contrast comes first; all others are exploratory and adjusted by Holm a metric.
/// `detectable`: the difference in the contrast that such a test would find with 80 % power; null
/// without the contrast. One seed leaves the variation between trainings out of the intervals.
/// Without arms all lists are empty.
Json compare_arms(const ComparisonInput& input, int threads);

}  // namespace evenray
