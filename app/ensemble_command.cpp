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

/// The predictions of an ensemble, and how it is composed.
struct Ensemble {
  Predictions val, part;
  Json models = Json::array();
  Json penalty{};  ///< of joined features
  std::string text{};
};

Ensemble weighted(const std::vector<Classifier>& models,
                  const EnsembleFlags& flags,
                  const Store& store) {
  std::vector<Predictions> of_val, of_part;
  for (const auto& model : models) {
    of_val.push_back(model.predict(store, "val"));
    of_part.push_back(flags.part == "val" ? of_val.back() : model.predict(store, flags.part));
  }
  const std::vector<double> weights =
      flags.weights == "mean"
          ? std::vector<double>(models.size(), 1 / static_cast<double>(models.size()))
          : best_weights(of_val);
  Ensemble out{ensemble_of(of_val, weights), ensemble_of(of_part, weights)};
  for (size_t k = 0; k < weights.size(); ++k) {
    out.models.push_back({{"model", flags.models[k]}, {"weight", weights[k]}});
    out.text += cat("weight ", fixed(weights[k], 3), ": ", flags.models[k], "\n");
  }
  return out;
}

Ensemble joined(const std::vector<Classifier>& models,
                const EnsembleFlags& flags,
                const Store& store) {
  std::vector<const Classifier*> all;
  for (const auto& model : models) all.push_back(&model);
  JoinedEnsemble found = join_classifiers(all, store, flags.part);
  Ensemble out{std::move(found.val), std::move(found.part)};
  for (const auto& path : flags.models) out.models.push_back({{"model", path}});
  out.penalty = found.penalty;
  out.text =
      cat("a layer on the features of ", models.size(), " models, penalty ", found.penalty, "\n");
  return out;
}

int ensemble(const Cli& cli, const EnsembleFlags& flags) {
  const std::vector<std::string> parts(kParts.begin(), kParts.end());
  check(std::count(parts.begin(), parts.end(), flags.part) > 0,
        Exit::usage,
        unknown_name("part", flags.part, parts));
  const std::vector<std::string> rules{"mean", "validation", "features"};
  check(std::count(rules.begin(), rules.end(), flags.weights) > 0,
        Exit::usage,
        unknown_name("weights", flags.weights, rules));
  check(flags.models.size() > 1, Exit::usage, "an ensemble needs two models or more");
  const Config config = cli.load();
  const Compute compute = make_compute(config.runtime);
  const Store store(flags.store);
  std::vector<Classifier> models;
  for (const auto& path : flags.models) models.emplace_back(path, compute);
  const Ensemble found =
      flags.weights == "features" ? joined(models, flags, store) : weighted(models, flags, store);

  MetricOptions options = metric_options(config, flags.part);
  options.thresholds = pick_thresholds(found.val, parse_threshold_rule(config.classify.threshold));
  options.temperature = fit_temperature(found.val, !store.info().multi_label);
  Json measured = metrics(found.part, options);
  measured["models"] = found.models;
  if (!found.penalty.is_null()) measured["penalty"] = found.penalty;
  const Path out(flags.out);
  write_predictions(out / "predictions.csv", found.part);
  write_json(out / "thresholds.json", Json(options.thresholds));
  write_json(out / "calibration.json", temperature_json(*options.temperature, found.val));
  write_json(out / "metrics.json", measured);
  print_result(
      cli, measured, found.text + metrics_text(measured) + "written to " + flags.out + "\n");
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
      ->add_option(
          "--weights",
          flags->weights,
          "mean (equal), validation (those that suit the labels of val best), or features (one "
          "layer trained on the features of all models)")
      ->capture_default_str();
  command->add_option("--out", flags->out, "folder for predictions and metrics")->required();
}

}  // namespace evenray
