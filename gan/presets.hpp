// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the gan room only.
#include "gan/options.hpp"

namespace evenray {

/// Throws 78 where the family has no preset of that name.
void check_preset(const GanOptions& options);

}  // namespace evenray
