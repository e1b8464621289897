// SPDX-License-Identifier: Apache-2.0
#pragma once
// The presets of the families. Internal to gan.
#include "gan/options.hpp"

namespace evenray {

/// Throws 78 if the family has no preset with the name options.preset.
void check_preset(const GanOptions& options);

}  // namespace evenray
