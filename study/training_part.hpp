// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a cell trains on.
#include "study/cells.hpp"

namespace evenray {

/// The rows that an arm with sources lesion:... adds.
struct PastedRows {
  size_t class_index = 0;
  int64_t rows = 0;
};
/// Returns balance.max_synthetic times the training rows of the rare class, so that all such arms
/// add equally many. Rows of lesion:healthy have the most common other class. `counts`: training
/// rows by class.
PastedRows pasted_rows(const Config& config,
                       const Arm& arm,
                       const StudyPlan& plan,
                       const std::vector<int64_t>& counts);

/// Returns the number of rows of a class that a generator adds with these options.
int64_t synthetic_rows(const BalanceOptions& options, const Plan& plan, size_t class_index);

/// Returns the store that the cell trains on. Writes it if it is missing; of an arm that pastes,
/// also kSeamFile in its first cell. Throws 66 if a generator that the arm needs is missing.
Path training_store(const Config& config,
                    const Arm& arm,
                    const StudyFolder& folder,
                    const StudyPlan& study,
                    const Cell& cell);

/// Returns a store whose training rows are synthetic, as many of each class as are real. Writes it
/// if it is missing. Throws 66 if a generator is missing.
Path pretraining_store(const Config& config,
                       const Arm& arm,
                       const StudyFolder& folder,
                       const StudyPlan& study,
                       const Cell& cell);

}  // namespace evenray
