// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "metrics/ensemble.hpp"
#include "metrics/metrics.hpp"

namespace evenray {
namespace {

struct EnsembleFlags {
  std::vector<std::string> models;
  std::string store, part = "test", weights = "mean", out;
};

int ensemble(const Cli& cli, const EnsembleFlags& flags) {
  const std::vector<std::string> parts(kParts.begin(), kParts.end());
  check(std::count(parts.begin(), parts.end(), flags.part) > 0,
        Exit::usage,
        unknown_name("part", flags.part, parts));
  const std::vector<std::string> rules{"mean", "validation"};
  check(std::count(rules.begin(), rules.end(), flags.weights) > 0,
        Exit::usage,
        unknown_name("weights", flags.weights, rules));
  check(flags.models.size() > 1, Exit::usage, "an ensemble needs two models or more");
  const Config config = cli.load();
  const Compute compute = make_compute(config.runtime);
  const Store store(flags.store);
  std::vector<Predictions> of_val, of_part;
  for (const auto& path : flags.models) {
    const Classifier model(path, compute);
    of_val.push_back(model.predict(store, "val"));
    of_part.push_back(model.predict(store, flags.part));
  }
  const std::vector<double> weights =
      flags.weights == "mean"
          ? std::vector<double>(of_val.size(), 1 / static_cast<double>(of_val.size()))
          : best_weights(of_val);
  const Predictions validation = ensemble_of(of_val, weights);
  const Predictions predictions = ensemble_of(of_part, weights);
  const bool exclusive = !store.info().multi_label;

  MetricOptions options;
  options.split = flags.part;
  options.bootstrap_draws = config.classify.bootstrap;
  options.seed = static_cast<uint64_t>(config.runtime.seed);
  options.threads = config.runtime.thread_count();
  options.thresholds = pick_thresholds(validation, parse_threshold_rule(config.classify.threshold));
  options.temperature = fit_temperature(validation, exclusive);
  Json found = metrics(predictions, options);
  std::string text;
  for (size_t k = 0; k < weights.size(); ++k) {
    found["models"].push_back({{"model", flags.models[k]}, {"weight", weights[k]}});
    text += cat("weight ", fixed(weights[k], 3), ": ", flags.models[k], "\n");
  }
  const Path out(flags.out);
  write_predictions(out / "predictions.csv", predictions);
  write_json(out / "thresholds.json", Json(options.thresholds));
  write_json(out / "calibration.json", temperature_json(*options.temperature, validation));
  write_json(out / "metrics.json", found);
  print_result(cli, found, text + metrics_text(found) + "written to " + flags.out + "\n");
  return 0;
}

}  // namespace

void add_ensemble_command(CLI::App& classify, Cli& cli) {
  auto flags = std::make_shared<EnsembleFlags>();
  auto* command = add_command(&classify,
                              cli,
                              "ensemble",
                              "measure the mean of several classifiers",
                              {.config = true, .threads = true, .device = true, .json = true},
                              [&cli, flags] { return ensemble(cli, *flags); });
  command->add_option("MODELS", flags->models, "run folders, checkpoints or packed models")
      ->required();
  command->add_option("--data", flags->store, "store")->required();
  command->add_option("--part", flags->part, "train, val or test")->capture_default_str();
  command
      ->add_option("--weights",
                   flags->weights,
                   "mean (equal), or validation (those that suit the labels of val best)")
      ->capture_default_str();
  command->add_option("--out", flags->out, "folder for predictions and metrics")->required();
}

}  // namespace evenray
