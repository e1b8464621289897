// SPDX-License-Identifier: Apache-2.0
#include "study/summary.hpp"

#include <algorithm>
#include <array>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/predictions.hpp"
#include "metrics/thresholds.hpp"
#include "study/compare.hpp"
#include "study/report.hpp"

namespace evenray {
namespace {

/// The metrics of a cell that a row of results.csv shows.
constexpr std::array kCellMetrics{"auroc",
                                  "auprc",
                                  "threshold",
                                  "sensitivity",
                                  "specificity",
                                  "ppv",
                                  "npv",
                                  "f1",
                                  "mcc",
                                  "brier",
                                  "ece"};

/// One arm's predictions in a seed, all folds one after the other.
struct SeedRows {
  std::vector<std::string> ids, groups;
  std::vector<uint8_t> labels, decisions;
  std::vector<double> scores;
  int64_t without_threshold = 0;  ///< folds where validation gave none
};

SeedRows read_seed(const StudyFolder& folder,
                   const StudyPlan& plan,
                   const std::string& arm,
                   int64_t seed) {
  SeedRows rows;
  for (int fold = 0; fold < plan.folds; ++fold) {
    const Path path = folder.cell({arm, seed, fold});
    const Predictions predictions = read_predictions(path / "predictions.csv");
    const Thresholds thresholds = read_thresholds(path / "classifier" / "thresholds.json");
    rows.without_threshold += thresholds.empty();
    const Decisions decisions = decide(predictions, thresholds);
    const size_t rare = predictions.class_index(plan.rare_class);
    for (size_t i = 0; i < predictions.rows(); ++i) {
      rows.ids.push_back(predictions.ids[i]);
      rows.groups.push_back(predictions.groups[i]);
      rows.labels.push_back(predictions.labels[i][rare] == 1);
      rows.scores.push_back(predictions.probabilities[i][rare]);
      rows.decisions.push_back(decisions.predicted[i][rare]);
    }
  }
  return rows;
}

Json compare_finished(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  ComparisonInput input;
  input.contrast = config.study.contrast;
  input.draws = config.study.bootstrap;
  input.seed = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("compare").key();
  std::vector<std::string> ids;
  int64_t without_threshold = 0;
  for (const auto& compared : config.study.compared()) {
    const std::string& arm = compared.name;
    const bool whole = std::all_of(plan.cells.begin(), plan.cells.end(), [&](const Cell& cell) {
      return cell.arm != arm || run_done(folder.cell(cell));
    });
    if (!whole) continue;
    ArmRuns runs{arm, {}, {}};
    for (int64_t seed = 0; seed < config.study.seeds; ++seed) {
      SeedRows rows = read_seed(folder, plan, arm, seed);
      check(ids.empty() || (ids == rows.ids && input.labels == rows.labels),
            Exit::bad_data,
            "cells were measured on different test rows");
      ids = std::move(rows.ids);
      without_threshold += rows.without_threshold;
      input.groups = std::move(rows.groups);
      input.labels = std::move(rows.labels);
      runs.scores.push_back(std::move(rows.scores));
      runs.decisions.push_back(std::move(rows.decisions));
    }
    input.arms.push_back(std::move(runs));
  }
  Json out = compare_arms(input, config.runtime.thread_count());
  out["test"] = {{"images", input.labels.size()},
                 {"positives", std::count(input.labels.begin(), input.labels.end(), 1)}};
  out["without_threshold"] = without_threshold;
  return out;
}

/// What is known of the study without time, host or path: equal runs give equal bytes.
Json summarise(const Config& config,
               const StudyFolder& folder,
               const StudyPlan& plan,
               const Json& facts) {
  Json summary{{"schema", "evenray-study-1"},
               {"data", facts},
               {"rare_class", plan.rare_class},
               {"seeds", config.study.seeds},
               {"folds", config.study.folds},
               {"contrast", config.study.contrast},
               {"policy", config.study.policy},
               {"max_synthetic", config.balance.max_synthetic},
               {"computed", read_json(folder.root / "plan.json").value("computed", Json())}};
  // Only what a report cannot know: the built-in arms mean the same in every study.
  for (const auto& arm : config.study.arm)
    summary["arms"].push_back({{"name", arm.name},
                               {"meaning", arm.meaning},
                               {"sources", arm.sources},
                               {"replace", arm.replace},
                               {"dose", arm.dose},
                               {"gates", arm.gates},
                               {"set", arm.set},
                               {"generator", arm.generator}});
  summary["comparison"] = compare_finished(config, folder, plan);
  Json generators = Json::array(), failed = Json::array(), balances = Json::object();
  for (const auto& cell : plan.generators) {
    const Path path = folder.generator(cell);
    if (std::filesystem::exists(path / "quality.json")) {
      Json generator = read_json(path / "quality.json");
      if (!cell.variant.empty()) generator["variant"] = cell.variant;
      generator["training"] = read_json(path / "metrics.json");
      generators.push_back(generator);
    }
    if (const auto message = failure_of(folder.root, path); !message.empty())
      failed.push_back({{"id", cell.id()}, {"message", message}});
  }
  for (const auto& cell : plan.cells) {
    const Path path = folder.cell(cell);
    if (const auto message = failure_of(folder.root, path); !message.empty())
      failed.push_back({{"id", cell.id()}, {"message", message}});
    if (cell.seed == 0 && cell.fold == 0 && std::filesystem::exists(path / "balance.json")) {
      balances[cell.arm] = read_json(path / "balance.json");
    }
  }
  summary["generators"] = generators;
  summary["balance"] = balances;
  summary["failed"] = failed;
  summary["answer"] = answer_text(parse_study_result(summary));
  return summary;
}

std::string results_csv(const StudyFolder& folder, const StudyPlan& plan) {
  std::vector<std::string> head{"cell", "arm", "seed", "fold", "state", "n"};
  head.insert(head.end(), kCellMetrics.begin(), kCellMetrics.end());
  head.insert(head.end(), {"balanced_accuracy", "accuracy", "message"});
  std::string out = csv_line(head);
  const auto text = [](const Json& value) {
    return value.is_null() ? std::string() : value.dump();
  };
  for (const auto& cell : plan.cells) {
    const Path path = folder.cell(cell);
    std::vector<std::string> row{
        cell.id(), cell.arm, std::to_string(cell.seed), std::to_string(cell.fold)};
    if (run_done(path)) {
      const Json metrics = read_json(path / "metrics.json");
      row.insert(row.end(), {"done", text(metrics.at("n"))});
      for (const auto& entry : metrics.at("classes")) {
        if (entry.at("name") != plan.rare_class) continue;
        for (const char* metric : kCellMetrics) row.push_back(text(entry.at(metric)));
      }
      row.insert(row.end(),
                 {text(metrics.at("balanced_accuracy")), text(metrics.at("accuracy")), ""});
    } else {
      const std::string message = failure_of(folder.root, path);
      row.push_back(message.empty() ? "waiting" : "failed");
      row.resize(head.size() - 1);
      row.push_back(message);
    }
    out += csv_line(row);
  }
  return out;
}

}  // namespace

std::string failure_of(const Path& root, const Path& folder) {
  const Path path = folder / "error.json";
  if (!std::filesystem::exists(path)) return "";
  std::string message = read_json(path).at("message");
  const std::string prefix = root.string() + "/";
  for (size_t at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
    message.erase(at, prefix.size());
  return message;
}

void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts) {
  write_atomic(folder.root / "results.csv", results_csv(folder, plan));
  const Json summary = summarise(config, folder, plan, facts);
  const std::string settings = read_file(folder.root / "config.toml");
  write_json(folder.root / "summary.json", summary);
  const StudyResult result = parse_study_result(summary);
  write_atomic(folder.root / "report.md", report_markdown(folder, result, settings));
  write_atomic(folder.root / "report.html", report_html(folder, result, settings));
}

}  // namespace evenray
