// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "augment/balance.hpp"
#include "nn/task.hpp"
#include "results/study_result.hpp"
#include "study/study.hpp"

namespace evenray {

/// A trained generator that arms of one seed and fold share.
struct GeneratorCell {
  std::string class_name;
  int64_t seed;  ///< 0 .. study.seeds-1
  int fold;      ///< 0 where there are no folds
  /// The arm whose own generator settings it is trained with; empty: the study's.
  std::string variant{};
  std::string id() const;
};

/// The generator that a result is of.
GeneratorCell cell_of(const GeneratorResult& result);

/// One training of an arm: a seed and a fold.
struct Cell {
  std::string arm;
  int64_t seed;
  int fold;
  std::string id() const;
};

/// Everything that a study has to make, in the order in which it does.
struct StudyPlan {
  std::vector<std::string> class_names;
  std::string rare_class;
  int folds = 1;
  std::vector<GeneratorCell> generators;
  std::vector<Cell> cells;

  /// The classes that one of an arm's sources draws ("gan:rare", "gan:others", "gan:all",
  /// "gan:CLASS"); none for other sources. Throws 78 for a class that is not there.
  std::vector<std::string> classes_of(const Arm& arm, const std::string& source) const;
  /// The classes whose generators the arm needs, each once.
  std::vector<std::string> generator_classes(const Arm& arm) const;
};

/// Folders of a study.
struct StudyFolder {
  Path root;
  Path store(int fold) const;
  Path generator(const GeneratorCell& cell) const { return root / "generators" / cell.id(); }
  Path cell(const Cell& cell) const { return root / "cells" / cell.id(); }
};

/// class_names and rare_class as the packed data have them.
StudyPlan make_study_plan(const Config& config,
                          const std::vector<std::string>& class_names,
                          const std::string& rare_class);

/// What is trained in a cell under these settings and how it is tested.
std::unique_ptr<Task> make_task(const Config& config, const std::string& rare_class);

/// Rows of a class that a generator adds under these options.
int64_t synthetic_rows(const BalanceOptions& options, const Plan& plan, size_t class_index);

/// Trains and evaluates a generator, or goes on with it; at once where that is done.
void run_generator(const Config& config, const StudyFolder& folder, const GeneratorCell& cell);
/// Balances, trains and tests, unless that is done; leaves balance.json and what the task writes.
void run_cell(const Config& config,
              const StudyFolder& folder,
              const StudyPlan& plan,
              const Cell& cell);

/// Runs `work`; a failure is written to the folder's error.json and returned, so that others go on.
/// A stop signal goes through.
std::optional<std::string> attempt(const Path& folder, const std::function<void()>& work);

}  // namespace evenray
