// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "app/command.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "search/search.hpp"

namespace evenray {
namespace {

struct TuneFlags {
  std::string store, out;
};

std::string trials_text(const SearchResult& result, const Config& config) {
  std::string text;
  for (const auto& trial : result.trials) {
    text += cat(trial.number, ":");
    for (size_t rung = 0; rung < trial.scores.size(); ++rung)
      text += cat(rung > 0 ? ", " : " ",
                  fixed(trial.scores[rung], 3),
                  " after ",
                  std::llround(config.tune.share(static_cast<int64_t>(rung)) *
                               double(config.classify.steps)),
                  " steps");
    text += cat("  ", join(settings_of(result.space, trial.point), " "), "\n");
  }
  return text + cat("best by validation AUPRC: trial ", result.best_trial().number, "\n");
}

int tune(const Cli& cli, const TuneFlags& flags) {
  Config config = cli.load();
  const Store store(flags.store);
  check(store.part("val").size() > 0,
        Exit::bad_data,
        cat(flags.store, ": part val is empty, but trials are compared on it"));
  const auto& val_labels = store.part("val").labels;
  check(std::any_of(val_labels.begin(),
                    val_labels.end(),
                    [](const auto& row) { return std::count(row.begin(), row.end(), 1) > 0; }),
        Exit::bad_data,
        cat(flags.store, ": no image of val has a label, so trials cannot be compared"));
  check_weights(config.classify);
  const TimedNetwork network =
      timed_classifier(config.classify, store.info().height, store.info().width);
  const Path out(flags.out);
  if (cli.dry_run) {
    const TimeEstimate estimate = estimate_time(config.runtime, [&](const Compute& compute) {
      return network.step_time(compute, network.minibatch) *
             (config.tune.cost() * static_cast<double>(config.classify.steps));
    });
    Json plan{{"schema", "evenray-tune-plan-1"},
              {"trials", config.tune.trials},
              {"whole_trials", config.tune.cost()}};
    plan.update(estimate.json());
    print_result(cli,
                 plan,
                 cat(config.tune.trials,
                     " trials, as much work as ",
                     fixed(config.tune.cost(), 1),
                     " whole ones, about ",
                     estimate.time.text(),
                     "\n"));
    return 0;
  }
  const auto precision = decide_precision(config.runtime, network, out);
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  if (precision) log_info(precision->text());
  const SearchResult result = run_search(
      config.tune,
      static_cast<uint64_t>(config.runtime.seed),
      Json{{"store", store.content_digest()}},
      out / "journal.jsonl",
      [&](const std::string& name, const std::vector<std::string>& settings, double share) {
        log_info(cat("trial ", name, ": ", join(settings, " ")));
        const auto task = classify_task(config.for_trial(settings, share).classify, "");
        return try_task(*task, store, config.runtime, out / "trials" / name);
      });
  Config best = config.for_trial(result.best_settings(), 1);
  best.classify.patience = config.classify.patience;
  write_atomic(out / "best.toml",
               write_config([&](Fields& f) { f.section("classify", best.classify); }));
  write_json(out / "trials.json", result.json());
  run.finish();
  print_result(cli,
               result.json(),
               cat(trials_text(result, config),
                   "settings: ",
                   (out / "best.toml").string(),
                   ", for `evenray classify train --config`\n"));
  return 0;
}

}  // namespace

void add_tune_command(CLI::App& classify, Cli& cli) {
  auto flags = std::make_shared<TuneFlags>();
  Takes takes = kTraining;
  takes.short_spins = false;
  auto* command = add_command(&classify,
                              cli,
                              "tune",
                              "choose settings by trials on the val part; resumes",
                              takes,
                              [&cli, flags] { return tune(cli, *flags); });
  command->add_option("STORE", flags->store, "store")->required();
  command->add_option("--out", flags->out, "folder for the journal and the best settings")
      ->required();
}

}  // namespace evenray
