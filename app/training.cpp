// SPDX-License-Identifier: Apache-2.0
#include "app/training.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {

void add_training_flags(CLI::App& command, TrainingFlags& flags) {
  command.add_option("STORE", flags.store, "store")->required();
  command.add_option("--out", flags.out, "run folder")->required();
  command.add_flag("--resume", flags.resume, "resume the run in --out");
}

void print_plan(
    const Cli& cli, Config config, const Store& store, int64_t images, const Training& training) {
  const auto precision = decide_precision(config.runtime, training.network);
  const int64_t minibatch = training.network.minibatch;
  const TimeEstimate estimate = estimate_time(config.runtime, [&](const Compute& compute) {
    return training.network.step_time(compute, minibatch) * static_cast<double>(training.steps);
  });
  const auto& info = store.info();
  Json plan{{"schema", cat("evenray-", training.kind, "-plan-1")},
            {"arch", training.arch},
            {"size_px", {info.height, info.width}},
            {"images", images},
            {"steps", training.steps},
            {"precision", config.runtime.precision}};
  plan.update(estimate.json());
  print_result(cli,
               plan,
               cat(training.arch,
                   " ",
                   info.height,
                   "x",
                   info.width,
                   " px on ",
                   images,
                   " images, ",
                   training.steps,
                   " steps of ",
                   minibatch,
                   ", about ",
                   estimate.time.text(),
                   "\n",
                   estimate.busy.empty() ? "" : estimate.busy + "\n",
                   precision ? precision->text() + "\n" : ""));
}

RunFolder open_run(Config& config, const TrainingFlags& flags, const Training& training) {
  const auto precision = decide_precision(config.runtime, training.network, flags.out);
  RunFolder run(flags.out, flags.resume, [&](Fields& f) {
    config.runtime.fields(f);
    training.section(f);
  });
  if (precision) log_info(precision->text());
  return run;
}

Path evaluation_folder(const std::string& out, const std::string& model, const std::string& part) {
  check(std::count(kParts.begin(), kParts.end(), part) > 0,
        Exit::usage,
        unknown_name("part", part, {"train", "val", "test"}));
  check(std::filesystem::exists(model),
        Exit::missing_input,
        cat(model, ": no such run folder or model file"));
  if (!out.empty()) return out;
  check(std::filesystem::is_directory(model),
        Exit::usage,
        "MODEL is a file, not a run folder: give --out");
  return Path(model) / ("eval-" + part);
}

}  // namespace evenray
