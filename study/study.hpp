// SPDX-License-Identifier: Apache-2.0
#pragma once
// The study room answers the question that the project exists for: does synthesising the rare
// class, alone or with AutoAugment, make a classifier better, and by how much? run_study() prepares
// the data, trains one generator a class, fold and seed, trains the classifier in each arm,
// measures all on the same untouched test part and writes report.html. Everything in the study
// folder is made once: run it again and it goes on where it stopped.

#include <string>
#include <vector>

#include "core/json.hpp"
#include "settings/config.hpp"

namespace evenray {

/// What `study plan` prints: the cells, the generators, the sizes, and with `estimate` the time
/// that short trials foretell.
Json plan_study(const Config& config, bool estimate);
std::string plan_text(const Json& plan);

/// Runs or resumes. Returns the number of cells and generators that failed (their messages are in
/// <id>/error.json). Throws 75 after a stop signal, 78 where `out` holds a study with other
/// settings or begun with other threads, device or precision.
int run_study(const Config& config, const Path& out);

/// done, failed and waiting cells and generators of a study folder. Throws 66.
Json study_status(const Path& folder);
std::string status_text(const Json& status);

/// Compares again and writes summary.json, results.csv, report.html and report.md from what the
/// folder holds. Throws 66 before the data are prepared.
void report_study(const Path& folder);

/// The comparison table of a study's summary.json.
std::string comparison_table(const Path& folder);

}  // namespace evenray
