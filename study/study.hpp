// SPDX-License-Identifier: Apache-2.0
#pragma once
// The study room answers the question of the project: does synthesising the rare class, alone or
// with AutoAugment, make a classifier better, and by how much? run_study() prepares the data,
// trains one generator per class, fold and seed, trains the classifier of each arm, evaluates all
// on the same unchanged test part and writes report.html. Everything in the study folder is made
// only once: if the study is run again, it continues where it stopped. Read this header first, then
// cells.hpp, training_part.hpp, preparation.hpp, preflight.hpp, estimate.hpp, plan.hpp,
// quality.hpp, compare.hpp, label_scores.hpp, summary.hpp, and report.hpp with report_writer.hpp,
// report_tables.hpp, report_figures.hpp with report_curves.hpp, and report_value.hpp.

#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/label_suspects.hpp"
#include "settings/config.hpp"

namespace evenray {

/// Returns the JSON of `study plan`: cells, generators, sizes; with data.path also the images and
/// what the study can show (`preflight`); with `estimate` also the time that timed steps predict,
/// the disk space in `out`, and the limits of this machine. Throws 78 like Config::check_study() or
/// if two arms would be equal, 65 like check_rare_images(), and like read_dataset() if data.path is
/// set.
Json plan_study(const Config& config, bool estimate, const Path& out = ".");
/// Returns such a plan as text of one screen; with `cells` also the list of cells.
std::string plan_text(const Json& plan, bool cells = false);

/// Runs or resumes a study in `out`. Returns the number of cells and generators that failed (their
/// messages are in <id>/error.json). Throws 2 without data.path, 65 for data that a study cannot
/// use, 75 after a stop signal, 78 if `out` contains a study with other settings, or one that was
/// started with other threads, device or precision.
/// Before anything is trained, `say` gets the plan as text. Throws also as plan_study() does.
int run_study(const Config& config,
              const Path& out,
              const std::function<void(const std::string& text)>& say = {});

/// Returns the done, failed and waiting cells and generators of a study folder, and "left_s", the
/// seconds that it still takes (null if unknown). Throws 66 if it contains no study.
Json study_status(const Path& folder);
/// Returns such a status as text.
std::string status_text(const Json& status);

/// Compares again and writes summary.json, results.csv, report.html and report.md from the results
/// in the folder. `without` and `subgroups`: in place of study.without and study.subgroups, unless
/// they are empty. Throws 66 if the study has no prepared data yet.
void report_study(const Path& folder,
                  const std::string& without = "",
                  const std::vector<std::string>& subgroups = {});

/// Joins the test predictions of all folds of an arm, so that each image is scored by models that
/// did not see it; probabilities are means over the seeds. Throws 66 if the folder holds no study
/// or if cells of the arm are not done, 65 for a study without folds, 78 for an unknown arm.
LabelScores study_scores(const Path& folder, const std::string& arm);

/// Whether running the study again may help what failed, from its summary.json.
bool retry_helps(const Path& folder);

/// Returns the comparison table of a study as text, from its summary.json.
std::string comparison_table(const Path& folder);

}  // namespace evenray
