// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "augment/policy.hpp"

namespace evenray {

/// All policies, in the order in which they are listed. Internal to augment; others use
/// find_policy().
const std::vector<Policy>& policy_tables();

/// The policies for object detection of Zoph et al. 2020, v0 to v3, with the published magnitudes
/// (Sampling::detection) or with lengths by the side of the image (Sampling::radiograph).
std::vector<Policy> detection_policies(Sampling sampling);

}  // namespace evenray
