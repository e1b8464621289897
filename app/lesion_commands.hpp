// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "app/command.hpp"
#include "lesion/seam.hpp"

namespace evenray {

/// Returns judge_seam() with its schema. `class_name`: empty: the first class that the source
/// draws.
Json seam_json(const Config& config,
               const Store& store,
               LesionSource& source,
               const std::string& class_name,
               int64_t crops);
std::string seam_text(const Json& seam);

}  // namespace evenray
