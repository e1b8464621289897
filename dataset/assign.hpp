// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Deals groups out to parts so that each part gets its share of every class: the rarest class
/// first, its large groups before the others, each to the part that lacks most of it (Sechidis et
/// al. 2011, on groups). `counts`: [group][class] rows; `shares`: one a part, sum 1, each above 0.
/// A class that has as many groups as parts reaches every part. Returns the part of each group;
/// depends on the counts and rng's key alone.
std::vector<size_t> assign_groups(const std::vector<std::vector<int64_t>>& counts,
                                  const std::vector<double>& shares,
                                  const Rng& rng);

}  // namespace evenray
