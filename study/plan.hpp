// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"
#include "study/estimate.hpp"

namespace evenray {

/// Returns {"schema","rare_class","generators":[],"cells":[]}, a part of plan.json.
Json plan_json(const StudyPlan& plan);

/// Throws 66 or 65 if an arm starts from weights that cannot be read.
void check_weights(const Config& config);

/// Returns the settings of a study folder. Throws 66 if it holds no study.
Config read_study_config(const Path& folder);

/// Returns the plan for the data that `facts` describe (see divide_data()).
StudyPlan plan_of_facts(const Config& config, const Json& facts);

/// Returns plan_json() with "steps", "kimg", "parent_kimg" and "size_px", and with `facts` also
/// "data" (classes and counts) and "preflight" (see preflight_json()). Throws like check_doses(),
/// check_arms_differ() and check_rare_images().
Json planned_json(const Config& config, const StudyPlan& plan, const Json* facts);

/// Adds what the study needs of this machine: "estimate_s", "disk":{"needed_bytes","free_bytes"}
/// (only with `facts`), and "limits": warnings about disk and time, in the form of
/// preflight_json(). `out`: the study folder.
void add_needs(Json& planned,
               const Config& config,
               const StudyPlan& plan,
               const StudyTimes& times,
               const Json* facts,
               const Path& out);

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
