// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// plan.json: {"schema","rare_class","generators":[],"cells":[]}.
Json plan_json(const StudyPlan& plan);

/// An arm with a generator that gets nothing from it would be another arm under its name. `facts`:
/// of the prepared data. Throws 78.
void check_doses(const Config& config, const StudyPlan& plan, const Json& facts);

/// What judges a generator compares groups of its training images: told before it is trained.
/// Throws 65 where a class that a generator is for has one group alone. `where`: gan.where.
void check_judgeable(const StudyPlan& plan, const StudyFolder& folder, const std::string& where);

}  // namespace evenray
