// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/policy.hpp"

namespace evenray {

/// All policies, in the order in which they are listed.
const std::vector<Policy>& policy_tables();

}  // namespace evenray
