// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Assigns groups to parts so that each part gets its share of every class (iterative
/// stratification, Sechidis et al. 2011, applied to groups): the rarest class first; within a
/// class the large groups first; each group to the part that lacks most rows of the class.
/// `counts[g][c]`: rows of group g with class c. `shares`: one per part, sum 1, each above 0.
/// Returns the part of each group. A class reaches every part if at least as many groups as there
/// are parts have it and no class that is assigned earlier. The result depends only on the counts,
/// the shares and rng's key.
std::vector<size_t> assign_groups(const std::vector<std::vector<int64_t>>& counts,
                                  const std::vector<double>& shares,
                                  const Rng& rng);

}  // namespace evenray
