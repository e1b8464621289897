// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command.hpp"
#include "app/training.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/metrics.hpp"

namespace evenray {
namespace {

struct ClassifyFlags {
  std::string store, out, model, part = "test", explain, predictions, thresholds, compare;
  std::vector<std::string> by;
  TrainingFlags training;
};

/// Returns the values of a column of a part. Throws 65 with the known columns for another name.
std::vector<std::string> meta_values(const Store& store,
                                     const std::string& part,
                                     const std::string& column) {
  const auto& columns = store.info().meta_columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  check(found != columns.end(), Exit::bad_data, unknown_name("column", column, columns));
  std::vector<std::string> values;
  for (const auto& row : store.part(part).meta)
    values.push_back(row[static_cast<size_t>(found - columns.begin())]);
  return values;
}

/// Columns of --by with the value of each row.
using ColumnValues = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Reads them, so that columns that cannot be used are named before anything is computed.
ColumnValues read_columns(
    const std::vector<std::string>& names,
    const std::function<std::vector<std::string>(const std::string& name)>& values_of) {
  ColumnValues columns;
  for (const auto& name : names) {
    columns.emplace_back(name, values_of(name));
    check_few_values(name, columns.back().second);
  }
  return columns;
}

/// Adds the metrics by these columns to `found`; returns their text.
std::string add_metrics_by(Json& found,
                           const ColumnValues& columns,
                           const Predictions& predictions,
                           const MetricOptions& options) {
  std::string text;
  for (const auto& [name, values] : columns) {
    found["by"].push_back(metrics_by(predictions, name, values, options));
    text += metrics_by_text(found["by"].back());
  }
  return text;
}

Training classifier_training(Config& config, const Store& store) {
  return {"classify",
          config.classify.arch,
          config.classify.steps,
          timed_classifier(config.classify, store.info().height, store.info().width),
          [&config](Fields& f) { f.section("classify", config.classify); }};
}

int train_command(const Cli& cli, const ClassifyFlags& flags) {
  Config config = cli.load();
  const Store store(flags.training.store);
  check_weights(config.classify);
  const Training training = classifier_training(config, store);
  if (cli.dry_run) {
    print_plan(cli, config, store, store.part("train").size(), training);
    return 0;
  }
  RunFolder run = open_run(config, flags.training, training);
  train_classifier(store, config.classify, config.runtime, run);
  const Json metrics = read_json(run.path() / "metrics.json");
  print_result(cli,
               metrics,
               cat("validation AUPRC ",
                   metrics["best_val_auprc"].is_null() ? "-" : fixed(metrics["best_val_auprc"], 3),
                   " at step ",
                   metrics["best_step"].dump(),
                   ": ",
                   flags.training.out,
                   "\n"));
  return 0;
}

int pretrain_command(const Cli& cli, const ClassifyFlags& flags) {
  Config config = cli.load();
  const Store store(flags.training.store);
  check_weights(config.classify);
  RunFolder run = open_run(config, flags.training, classifier_training(config, store));
  pretrain_backbone(store, config.classify, config.runtime, run);
  const Json metrics = read_json(run.path() / "metrics.json");
  print_result(cli,
               metrics,
               cat("pre-trained for ",
                   metrics.at("steps"),
                   " steps, spread of the projections ",
                   fixed(metrics.at("spread"), 2),
                   " (0: collapsed): ",
                   flags.training.out,
                   ", for `evenray classify train --weights`\n"));
  return 0;
}

int evaluate_classifier(const Cli& cli, const ClassifyFlags& flags) {
  const Config config = cli.load();
  const Path out = evaluation_folder(flags.out, flags.model, flags.part);
  if (!flags.explain.empty()) check_explanation(flags.explain);
  const Classifier classifier(flags.model, make_compute(config.runtime));
  const Store store(flags.store);
  const ColumnValues columns = read_columns(
      flags.by, [&](const std::string& name) { return meta_values(store, flags.part, name); });
  const Predictions predictions = classifier.predict(store, flags.part);
  MetricOptions options = metric_options(config, flags.part);
  options.thresholds = classifier.thresholds();
  options.temperature = classifier.temperature();
  Json found = metrics(predictions, options);
  if (!flags.explain.empty())
    found["localisation"] = classifier.localisation(store, flags.part, flags.explain);
  const std::string by = add_metrics_by(found, columns, predictions, options);
  write_predictions(out / "predictions.csv", predictions);
  write_json(out / "metrics.json", found);
  print_result(cli, found, metrics_text(found) + by + "written to " + out.string() + "\n");
  return 0;
}

int metrics_command(const Cli& cli, const ClassifyFlags& flags) {
  const Predictions predictions = read_predictions(flags.predictions);
  const ColumnValues columns = read_columns(
      flags.by, [&](const std::string& name) { return read_column(flags.predictions, name); });
  MetricOptions options = metric_options(cli.load(), "");
  if (!flags.thresholds.empty()) options.thresholds = read_thresholds(flags.thresholds);
  Json found = metrics(predictions, options);
  std::string text = metrics_text(found) + add_metrics_by(found, columns, predictions, options);
  if (!flags.compare.empty()) {
    const Json comparison =
        compare_metrics(predictions, read_predictions(flags.compare), options, options.thresholds);
    found["comparison"] = comparison;
    text += "\n" + comparison_text(comparison);
  }
  print_result(cli, found, text);
  return 0;
}

}  // namespace

MetricOptions metric_options(const Config& config, const std::string& split) {
  MetricOptions options;
  options.split = split;
  options.bootstrap_draws = config.classify.bootstrap;
  options.seed = static_cast<uint64_t>(config.runtime.seed);
  options.threads = config.runtime.thread_count();
  return options;
}

void add_classify_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<ClassifyFlags>();
  CLI::App* classify = app.add_subcommand("classify", "train and evaluate classifiers");
  classify->require_subcommand(1);

  Takes training = kTraining;
  training.short_spins = false;
  auto* train_cli =
      add_command(classify, cli, "train", "train a classifier on a store", training, [&cli, flags] {
        return train_command(cli, *flags);
      });
  Takes without_plan = training;
  without_plan.dry_run = false;
  auto* pretrain_cli = add_command(classify,
                                   cli,
                                   "pretrain",
                                   "train a network on the images of a store without their labels",
                                   without_plan,
                                   [&cli, flags] { return pretrain_command(cli, *flags); });
  for (CLI::App* command : {train_cli, pretrain_cli}) add_training_flags(*command, flags->training);

  const Takes predicting{.config = true, .threads = true, .device = true, .json = true};
  Takes evaluating = predicting;
  evaluating.seed = true;
  auto* eval_cli =
      add_command(classify,
                  cli,
                  "eval",
                  "evaluate on a part of a store; writes metrics.json and predictions.csv",
                  evaluating,
                  [&cli, flags] { return evaluate_classifier(cli, *flags); });
  eval_cli->add_option("--data", flags->store, "store")->required();
  eval_cli->add_option("--part", flags->part, "part to evaluate on: train, val or test")
      ->capture_default_str();
  eval_cli->add_option("--explain",
                       flags->explain,
                       "grad-cam, hirescam or occlusion: compare what the classifier looks at with "
                       "the boxes of the part");
  eval_cli->add_option("--out", flags->out, "output folder (default: MODEL/eval-PART)");
  eval_cli->add_option("MODEL", flags->model, "run folder, checkpoint or packed model")->required();
  add_tune_command(*classify, cli);
  add_ensemble_command(*classify, cli);
  add_predict_commands(*classify, cli);

  auto* metrics_cli = add_command(classify,
                                  cli,
                                  "metrics",
                                  "compute all metrics of a table of predictions",
                                  {.config = true, .seed = true, .threads = true, .json = true},
                                  [&cli, flags] { return metrics_command(cli, *flags); });
  metrics_cli->add_option("PREDICTIONS", flags->predictions, "CSV: id,group,y_CLASS...,p_CLASS...")
      ->required();
  metrics_cli->add_option(
      "--thresholds", flags->thresholds, "JSON file with {\"CLASS\": threshold}");
  for (CLI::App* command : {eval_cli, metrics_cli})
    command
        ->add_option("--by",
                     flags->by,
                     "also give the metrics of the rows with each value of this column; may be "
                     "repeated")
        ->allow_extra_args(false);
  metrics_cli->add_option(
      "--compare", flags->compare, "second CSV with the same ids; adds paired differences");
}

}  // namespace evenray
