// SPDX-License-Identifier: Apache-2.0
#pragma once
// The study room answers the question of the project: does synthesising the rare class, alone or
// with AutoAugment, make a classifier better, and by how much? run_study() prepares the data,
// trains one generator per class, fold and seed, trains the classifier of each arm, evaluates all
// on the same unchanged test part and writes report.html. Everything in the study folder is made
// only once: if the study is run again, it continues where it stopped. Read this header first, then
// cells.hpp, plan.hpp, preparation.hpp, quality.hpp, compare.hpp, summary.hpp, and report.hpp with
// report_writer.hpp, report_tables.hpp, report_figures.hpp and report_value.hpp.

#include <string>
#include <vector>

#include "core/json.hpp"
#include "settings/config.hpp"

namespace evenray {

/// Returns the JSON of `study plan`: cells, generators, sizes, and with `estimate` the time in
/// seconds that a few timed steps predict. Throws 78 like Config::check_study(), and like
/// read_dataset() if data.path is set.
Json plan_study(const Config& config, bool estimate);
/// Returns such a plan as text.
std::string plan_text(const Json& plan);

/// Runs or resumes a study in `out`. Returns the number of cells and generators that failed (their
/// messages are in <id>/error.json). Throws 2 without data.path, 65 for data that a study cannot
/// use, 75 after a stop signal, 78 if `out` contains a study with other settings, or one that was
/// started with other threads, device or precision.
int run_study(const Config& config, const Path& out);

/// Returns the done, failed and waiting cells and generators of a study folder. Throws 66 if it
/// contains no study.
Json study_status(const Path& folder);
/// Returns such a status as text.
std::string status_text(const Json& status);

/// Compares again and writes summary.json, results.csv, report.html and report.md from the results
/// in the folder. Throws 66 if the study has no prepared data yet.
void report_study(const Path& folder);

/// Returns the comparison table of a study as text, from its summary.json.
std::string comparison_table(const Path& folder);

}  // namespace evenray
