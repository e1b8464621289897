// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/policy.hpp"

namespace evenray {

/// All policies, in the order in which they are listed. Internal to augment; others use
/// find_policy().
const std::vector<Policy>& policy_tables();

}  // namespace evenray
