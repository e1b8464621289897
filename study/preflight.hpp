// SPDX-License-Identifier: Apache-2.0
#pragma once
// What data and settings allow, before anything is trained.
#include "study/cells.hpp"

namespace evenray {

/// Throws 78 if two arms would train on the same rows with the same settings, naming both. `facts`:
/// as divide_data() returns them.
void check_arms_differ(const Config& config, const StudyPlan& plan, const Json& facts);

/// Throws 65 if the test part has no image of the rare class (phantoms go on: they test the
/// software), and with study.tuned if a validation part has none.
void check_rare_images(const Config& config, const StudyPlan& plan, const Json& facts);

/// Returns what the study can show, as a part of plan.json and summary.json:
/// {"test_groups":{"rare","other"},"can_show":{"auroc","half_width","difference"},
/// "generators":[{"class","images","needed"}],"policy","median_box_side_px",
/// "warnings":[{"kind","text","change"}]}. `can_show` is null without test groups of both kinds. It
/// depends on the data and the settings alone, not on the machine. Warnings are sorted: the first
/// one should be changed first.
Json preflight_json(const Config& config, const StudyPlan& plan, const Json& facts);

}  // namespace evenray
