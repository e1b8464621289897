// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/json.hpp"
#include "metrics/scored.hpp"

namespace evenray {

/// The scores of one arm.
struct ArmRuns {
  std::string arm;
  std::vector<Scored> seeds;  ///< one per seed
};

struct ComparisonInput {
  std::vector<ArmRuns> arms;  ///< each with the same seeds, keys and test rows
  std::string contrast;       ///< "A vs B", named beforehand
  int64_t draws = 2000;       ///< bootstrap draws
  uint64_t seed = 1;          ///< of the bootstrap
};

/// Returns means over seeds with 95 % intervals, and paired differences to `real` and `oversample`.
/// Groups (within their strata) and seeds are resampled together: draw k takes the same groups and
/// the same seeds for all arms.
/// {"metrics":[...],"arms":[{"arm","metrics":{m:{"value","ci","seeds":[...]}}}],
/// "differences":[{"first","second","primary","metrics":{m:{"value","ci","standard_error","p",
/// "p_holm"}}}],"groups","draws","detectable":{m:...}}. The contrast comes first; all others are
/// exploratory, their p values adjusted by Holm within a metric. `detectable`: the difference in
/// the contrast that such a test would find with 80 % power; null without the contrast. With one
/// seed the intervals do not contain the variation between trainings. Without arms all lists are
/// empty. Throws 65 if the test rows of two trainings differ.
Json compare_arms(const ComparisonInput& input, int threads);

}  // namespace evenray
