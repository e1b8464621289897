// SPDX-License-Identifier: Apache-2.0
#include "app/trials.hpp"

#include <algorithm>

#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/number.hpp"
#include "core/text.hpp"

namespace evenray {

void check_trials(const Config& config, const Store& store) {
  const StorePart& val = store.part("val");
  check(val.size() > 0,
        Exit::bad_data,
        cat(store.path().string(), ": part val is empty, but trials are compared on it"));
  check(std::any_of(val.labels.begin(),
                    val.labels.end(),
                    [](const auto& row) { return std::count(row.begin(), row.end(), 1) > 0; }),
        Exit::bad_data,
        cat(store.path().string(), ": no image of val has a label, so trials cannot be compared"));
  check_weights(config.classify);
}

void print_trials_plan(const Cli& cli, const Config& config, const Store& store, int64_t further) {
  const double whole_trials = config.tune.cost();
  const TimedNetwork network =
      timed_classifier(config.classify, store.info().height, store.info().width);
  const TimeEstimate estimate = estimate_time(config.runtime, [&](const Compute& compute) {
    return network.step_time(compute, network.minibatch) *
           ((whole_trials + static_cast<double>(further)) *
            static_cast<double>(config.classify.steps));
  });
  Json plan{{"schema", "evenray-tune-plan-1"},
            {"trials", config.tune.trials},
            {"whole_trials", whole_trials},
            {"further_trainings", further}};
  plan.update(estimate.json());
  print_result(cli,
               plan,
               cat(config.tune.trials,
                   " trials, as much work as ",
                   fixed(whole_trials, 1),
                   " whole ones",
                   further > 0 ? cat(", then ", counted(further, "training")) : "",
                   ", about ",
                   estimate.time.text(),
                   "\n"));
}

double try_settings(const Config& config,
                    const Store& store,
                    const std::vector<std::string>& settings,
                    double share,
                    const Path& folder) {
  log_info(cat("trial ", folder.filename().string(), ": ", join(settings, " ")));
  const auto task = classify_task(config.for_trial(settings, share).classify, "");
  return try_task(*task, store, config.runtime, folder);
}

}  // namespace evenray
