// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Returns the content of plan.json: {"schema","rare_class","generators":[],"cells":[]}.
Json plan_json(const StudyPlan& plan);

/// Returns the precision in which all generators and cells together are trained faster. Throws like
/// make_compute().
PrecisionChoice study_precision(const Config& config, const StudyPlan& plan);

/// Throws 78 if an arm with a generator of the rare class would get no synthetic image of that
/// class, because the arm would then equal another arm. `facts`: as prepare_data() returns them.
void check_doses(const Config& config, const StudyPlan& plan, const Json& facts);

/// Throws 65 if all training images of a generator's class belong to one group: its evaluation
/// compares groups, so it would fail after the training. `where`: gan.where.
void check_groups(const StudyPlan& plan, const StudyFolder& folder, const std::string& where);

}  // namespace evenray
