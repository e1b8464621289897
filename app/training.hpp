// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the commands share that train one network on a store: their flags, plan and run folder.
#include <string>

#include "app/command.hpp"
#include "dataset/store/store.hpp"
#include "nn/precision.hpp"

namespace evenray {

struct TrainingFlags {
  std::string store, out;
  bool resume = false;
};
/// Adds STORE, --out and --resume to a command.
void add_training_flags(CLI::App& command, TrainingFlags& flags);

/// A network that is going to be trained.
struct Training {
  std::string kind;  ///< in the name of the plan's schema: "classify"
  std::string arch;
  int64_t steps = 0;
  TimedNetwork network;
  Visit section;  ///< visits its section of the configuration, for the config.toml of the run
};

/// Prints the plan with its estimated time, for --dry-run. `images`: those of the training part.
void print_plan(
    const Cli& cli, Config config, const Store& store, int64_t images, const Training& training);

/// Decides the precision and opens the run folder. Throws like decide_precision() and RunFolder().
RunFolder open_run(Config& config, const TrainingFlags& flags, const Training& training);

/// Returns the folder for the results of a trained network on a part: `out`, or MODEL/eval-PART.
/// Throws 2 for an unknown part, or if `out` is empty and the model is a file; 66 if there is no
/// model.
Path evaluation_folder(const std::string& out, const std::string& model, const std::string& part);

}  // namespace evenray
