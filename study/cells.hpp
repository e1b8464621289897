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
  int fold;      ///< 0 if there are no folds
  /// The arm whose own generator settings it is trained with; empty: the study's settings.
  std::string variant{};
  /// Returns "CLASS-sSEED-fFOLD", or "CLASS@VARIANT-sSEED-fFOLD".
  std::string id() const;

  bool operator==(const GeneratorCell&) const = default;
};

/// Returns the cell of a generator's result.
GeneratorCell cell_of(const GeneratorResult& result);

/// One arm with one seed and one fold.
struct Cell {
  std::string arm;
  int64_t seed;
  int fold;
  /// Returns "ARM-sSEED-fFOLD".
  std::string id() const;
};

/// What is known of the seams of an arm that pastes, in the folder of its first cell.
inline constexpr const char* kSeamFile = "seam.json";

/// The generators and cells of a study, each list in the order in which it is run.
struct StudyPlan {
  std::vector<std::string> class_names;
  std::string rare_class;
  int folds = 1;
  std::vector<GeneratorCell> generators;
  std::vector<Cell> cells;
  /// With study.tuned, the cells of the first seed choose the settings of their arm and fold.
  bool tuned = false;

  /// Returns the classes that a source of an arm draws ("gan:rare", "gan:others", "gan:all",
  /// "gan:CLASS", "lesion:gan"); empty for other sources. Throws 78 for an unknown class.
  std::vector<std::string> classes_of(const Arm& arm, const std::string& source) const;
  /// Returns the classes whose generators the arm needs, each once. Throws like classes_of().
  std::vector<std::string> generator_classes(const Arm& arm) const;
  /// Whether the generator is one of the plan's.
  bool trains(const GeneratorCell& cell) const;
};

/// The paths in a study folder.
struct StudyFolder {
  Path root;
  Path store(int fold) const;
  /// The store that generators are trained on: another one only with study.generator_size or if
  /// they draw patches.
  Path generator_store(int fold) const;
  Path generator(const GeneratorCell& cell) const { return root / "generators" / cell.id(); }
  Path cell(const Cell& cell) const { return root / "cells" / cell.id(); }
  /// Where an arm's settings of a fold are chosen, with study.tuned: for all seeds.
  Path tuning(const std::string& arm, int fold) const {
    return root / "tuning" / (arm + "-f" + std::to_string(fold));
  }
};

/// Returns the plan for data with these classes. Throws 78 like StudyPlan::classes_of().
StudyPlan make_study_plan(const Config& config,
                          const std::vector<std::string>& class_names,
                          const std::string& rare_class);

/// Returns the task that a cell trains and tests with these settings (study.task). `features`:
/// folders in which features of its images may be kept (see train_classifier()).
std::unique_ptr<Task> make_task(const Config& config,
                                const std::string& rare_class,
                                const std::vector<Path>& features = {});

/// Whether the generator of the largest class is the parent of the others: gan.transfer.from is
/// "majority", gan.where is empty, and the parent is trained at least as long as a generator. (Else
/// the generator of the largest class would be trained on other images or for a shorter time.)
bool majority_is_parent(const GanOptions& gan);

/// Trains and evaluates a generator, or resumes it. Does nothing if it is done. If
/// majority_is_parent(), the generator of the largest class is trained with parent_options(), and
/// the others of the same seed and fold start from it if the plan contains it; it is run first.
void run_generator(const Config& config,
                   const StudyFolder& folder,
                   const StudyPlan& plan,
                   const GeneratorCell& cell);
/// Fills the training part, trains and tests. Does nothing if the cell is done. Writes balance.json
/// (if the arm fills the training part) and the files of the task into the folder of the cell.
/// Throws 66 if a generator that the arm needs is missing.
void run_cell(const Config& config,
              const StudyFolder& folder,
              const StudyPlan& plan,
              const Cell& cell);

/// Runs `work` and returns nullopt. If it fails, writes {"message","again"} to error.json in
/// `folder` and returns the message, so that the other cells can run. "again": whether the same
/// command may succeed later. Throws 75 after a stop signal.
std::optional<std::string> attempt(const Path& folder, const std::function<void()>& work);

}  // namespace evenray
