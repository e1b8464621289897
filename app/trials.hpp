// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shared by the commands that compare settings by trials on the val part.
#include <string>
#include <vector>

#include "app/command.hpp"
#include "dataset/store/store.hpp"
#include "settings/config.hpp"

namespace evenray {

/// Throws 65 if trials cannot be compared on the val part of the store, and 65 or 66 for weights
/// that cannot be read.
void check_trials(const Config& config, const Store& store);

/// Prints the plan of the search of config.tune for --dry-run. `further`: trainings of full length
/// after it.
void print_trials_plan(const Cli& cli, const Config& config, const Store& store, int64_t further);

/// Trains with settings "KEY=VALUE" for a share of the steps, in a folder that is removed
/// afterwards, and returns the AUPRC on val; see try_task().
double try_settings(const Config& config,
                    const Store& store,
                    const std::vector<std::string>& settings,
                    double share,
                    const Path& folder);

}  // namespace evenray
