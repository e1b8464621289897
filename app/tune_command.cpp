// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "app/trials.hpp"
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
  check_trials(config, store);
  if (cli.dry_run) {
    print_trials_plan(cli, config, store, /*further=*/0);
    return 0;
  }
  const TimedNetwork network =
      timed_classifier(config.classify, store.info().height, store.info().width);
  const Path out(flags.out);
  const auto precision = decide_precision(config.runtime, network, out);
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  if (precision) log_info(precision->text());
  const SearchResult result = run_search(
      config.tune,
      static_cast<uint64_t>(config.runtime.seed),
      Json{{"store", store.content_digest()}},
      out / "journal.jsonl",
      [&](const std::string& name, const std::vector<std::string>& settings, double share) {
        return try_settings(config, store, settings, share, out / "trials" / name);
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
