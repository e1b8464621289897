// SPDX-License-Identifier: Apache-2.0
// The main flow of a study: data, generators, cells, comparison, report. Each step keeps what is
// there already.
#include <torch/types.h>

#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "study/compare.hpp"
#include "study/preparation.hpp"
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

StudyPlan plan_from(const Config& config, const Json& facts) {
  return make_study_plan(
      config, facts.at("class_names").get<std::vector<std::string>>(), facts.at("rare_class"));
}

Config read_study_config(const Path& folder) {
  Config config;
  const Path path = folder / "config.toml";
  check(
      std::filesystem::exists(path), Exit::missing_input, cat(folder.string(), " holds no study"));
  read_config_text([&](Fields& f) { config.fields(f); }, read_file(path, 1 << 20), path.string());
  return config;
}

std::string failure_of(const Path& folder) {
  const Path path = folder / "error.json";
  return std::filesystem::exists(path) ? read_json(path).at("message").get<std::string>() : "";
}

Json plan_json(const StudyPlan& plan) {
  Json cells = Json::array(), generators = Json::array();
  for (const auto& cell : plan.cells)
    cells.push_back(
        {{"id", cell.id()}, {"arm", cell.arm}, {"seed", cell.seed}, {"fold", cell.fold}});
  for (const auto& cell : plan.generators) {
    generators.push_back(
        {{"id", cell.id()}, {"class", cell.class_name}, {"seed", cell.seed}, {"fold", cell.fold}});
  }
  return {{"schema", "evenray-study-plan-1"},
          {"rare_class", plan.rare_class},
          {"generators", generators},
          {"cells", cells}};
}

/// One arm's predictions in a seed, all folds one after the other.
struct SeedRows {
  std::vector<std::string> groups;
  std::vector<uint8_t> labels, decisions;
  std::vector<double> scores;
};

SeedRows read_seed(const StudyFolder& folder,
                   const StudyPlan& plan,
                   const std::string& arm,
                   int64_t seed) {
  SeedRows rows;
  for (int fold = 0; fold < plan.folds; ++fold) {
    const Path path = folder.cell({arm, seed, fold});
    const Predictions predictions = read_predictions(path / "predictions.csv");
    const Decisions decisions =
        decide(predictions, read_thresholds(path / "classifier" / "thresholds.json"));
    const size_t rare = predictions.class_index(plan.rare_class);
    for (size_t i = 0; i < predictions.rows(); ++i) {
      rows.groups.push_back(predictions.groups[i]);
      rows.labels.push_back(predictions.labels[i][rare] == 1);
      rows.scores.push_back(predictions.probabilities[i][rare]);
      rows.decisions.push_back(decisions.said[i][rare]);
    }
  }
  return rows;
}

Json compare_finished(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  ComparisonInput input;
  input.contrast = config.study.contrast;
  input.draws = config.study.bootstrap;
  input.seed = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("compare").key();
  for (const auto& arm : config.study.arms) {
    const bool whole = std::all_of(plan.cells.begin(), plan.cells.end(), [&](const Cell& cell) {
      return cell.arm != arm || run_done(folder.cell(cell));
    });
    if (!whole) continue;
    ArmRuns runs{arm, {}, {}};
    for (int64_t seed = 0; seed < config.study.seeds; ++seed) {
      SeedRows rows = read_seed(folder, plan, arm, seed);
      check(input.labels.empty() || input.labels == rows.labels,
            Exit::bad_data,
            "cells were measured on different test rows");
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
               {"policy", config.study.policy}};
  summary["comparison"] = compare_finished(config, folder, plan);
  Json generators = Json::array(), failed = Json::array(), balances = Json::object();
  for (const auto& cell : plan.generators) {
    const Path path = folder.generator(cell);
    if (std::filesystem::exists(path / "quality.json")) {
      Json generator = read_json(path / "quality.json");
      generator["training"] = read_json(path / "metrics.json");
      generators.push_back(generator);
    }
    if (const auto message = failure_of(path); !message.empty())
      failed.push_back({{"id", cell.id()}, {"message", message}});
  }
  for (const auto& cell : plan.cells) {
    const Path path = folder.cell(cell);
    if (const auto message = failure_of(path); !message.empty())
      failed.push_back({{"id", cell.id()}, {"message", message}});
    if (cell.seed == 0 && cell.fold == 0 && std::filesystem::exists(path / "balance.json")) {
      balances[cell.arm] = read_json(path / "balance.json");
    }
  }
  summary["generators"] = generators;
  summary["balance"] = balances;
  summary["failed"] = failed;
  summary["answer"] = answer_text(summary);
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
      const std::string message = failure_of(path);
      row.push_back(message.empty() ? "waiting" : "failed");
      row.resize(head.size() - 1);
      row.push_back(message);
    }
    out += csv_line(row);
  }
  return out;
}

void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts) {
  write_atomic(folder.root / "results.csv", results_csv(folder, plan));
  const Json summary = summarise(config, folder, plan, facts);
  const std::string settings = read_file(folder.root / "config.toml");
  write_json(folder.root / "summary.json", summary);
  write_atomic(folder.root / "report.md", report_markdown(folder, summary, settings));
  write_atomic(folder.root / "report.html", report_html(folder, summary, settings));
}

double seconds_of_generator(const Config& config, const Compute& compute) {
  const auto& size = config.data.pack.size_px;
  const double step = gan_step_seconds(
      config.gan, static_cast<int>(size[0]), static_cast<int>(size[1]), compute, 5);
  return step * config.gan.total_kimg * 1000 / static_cast<double>(config.gan.minibatch);
}

double seconds_of_cell(const Config& config, const Compute& compute) {
  const auto& size = config.data.pack.size_px;
  return classifier_step_seconds(
             config.classify, static_cast<int>(size[0]), static_cast<int>(size[1]), compute, 10) *
         static_cast<double>(config.classify.steps);
}

}  // namespace

Json plan_study(const Config& config, bool estimate) {
  config.check();
  // Which class is rare is known when the data are packed; until then the plan names the roles.
  const StudyPlan plan = make_study_plan(config, {"other", "rare"}, "rare");
  Json out = plan_json(plan);
  out["steps"] = config.classify.steps;
  out["kimg"] = config.gan.total_kimg;
  out["size_px"] = config.data.pack.size_px;
  if (estimate) {
    const Compute compute = make_compute(config.runtime);
    const double generator = plan.generators.empty() ? 0 : seconds_of_generator(config, compute);
    const double cell = seconds_of_cell(config, compute);
    out["estimate_s"] = {{"generator", generator},
                         {"cell", cell},
                         {"total",
                          generator * static_cast<double>(plan.generators.size()) +
                              cell * static_cast<double>(plan.cells.size())}};
  }
  return out;
}

std::string plan_text(const Json& plan) {
  std::string out = cat(plan["cells"].size(),
                        " cells, ",
                        plan["generators"].size(),
                        " generators of ",
                        plan["kimg"].dump(),
                        " kimg at ",
                        plan["size_px"].dump(),
                        " px, ",
                        plan["steps"].dump(),
                        " classifier steps a cell\n");
  for (const auto& cell : plan["cells"]) out += "  " + cell["id"].get<std::string>() + "\n";
  if (plan.contains("estimate_s")) {
    const Json& estimate = plan["estimate_s"];
    out += cat("estimated time: ",
               duration_text(estimate["total"]),
               " (",
               duration_text(estimate["generator"]),
               " a generator, ",
               duration_text(estimate["cell"]),
               " a cell), data and judging not counted\n");
  }
  return out;
}

int run_study(const Config& given, const Path& out) {
  given.check();
  Config config = given;
  const StudyFolder folder{out};
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  log_info(cat("study in ", out.string()));
  const Json facts = prepare_data(config, folder);
  const StudyPlan plan = plan_from(config, facts);
  write_json(out / "plan.json", plan_json(plan));
  int failed = 0;
  for (const auto& generator : plan.generators) {
    log_info(cat("generator ", generator.id()));
    if (const auto message = attempt(folder.generator(generator),
                                     [&] { run_generator(config, folder, generator); })) {
      log_info(cat("generator ", generator.id(), " failed: ", *message));
    }
    throw_if_stopped();
  }
  for (const auto& cell : plan.cells) {
    log_info(cat("cell ", cell.id()));
    if (const auto message =
            attempt(folder.cell(cell), [&] { run_cell(config, folder, plan, cell); })) {
      log_info(cat("cell ", cell.id(), " failed: ", *message));
      ++failed;
    }
    throw_if_stopped();
  }
  write_report(config, folder, plan, facts);
  if (failed == 0) run.finish();
  return failed;
}

Json study_status(const Path& folder_path) {
  const Config config = read_study_config(folder_path);
  const StudyFolder folder{folder_path};
  Json out{{"schema", "evenray-study-status-1"},
           {"done", Json::array()},
           {"failed", Json::array()},
           {"waiting", Json::array()}};
  const Path facts = folder_path / "data" / "facts.json";
  if (!std::filesystem::exists(facts)) {
    out["state"] = "preparing data";
    return out;
  }
  const StudyPlan plan = plan_from(config, read_json(facts));
  const auto sort_in = [&](const std::string& id, const Path& path, const Path& mark) {
    const std::string message = failure_of(path);
    if (std::filesystem::exists(mark)) {
      out["done"].push_back(id);
    } else if (!message.empty()) {
      out["failed"].push_back({{"id", id}, {"message", message}});
    } else {
      out["waiting"].push_back(id);
    }
  };
  for (const auto& cell : plan.generators)
    sort_in(
        "generator " + cell.id(), folder.generator(cell), folder.generator(cell) / "quality.json");
  for (const auto& cell : plan.cells)
    sort_in(cell.id(), folder.cell(cell), folder.cell(cell) / "DONE");
  out["state"] = run_done(folder_path) ? "done" : "unfinished";
  return out;
}

std::string status_text(const Json& status) {
  std::string out = cat(status["state"].get<std::string>(),
                        ": ",
                        status["done"].size(),
                        " done, ",
                        status["failed"].size(),
                        " failed, ",
                        status["waiting"].size(),
                        " waiting\n");
  for (const auto& failed : status["failed"]) {
    out += cat("  failed ",
               failed["id"].get<std::string>(),
               ": ",
               failed["message"].get<std::string>(),
               "\n");
  }
  return out;
}

void report_study(const Path& folder_path) {
  Config config = read_study_config(folder_path);
  const StudyFolder folder{folder_path};
  const Path facts = folder_path / "data" / "facts.json";
  check(std::filesystem::exists(facts),
        Exit::missing_input,
        cat(folder_path.string(), ": the study has no data yet; `study run` makes them"));
  const Json known = read_json(facts);
  write_report(config, folder, plan_from(config, known), known);
}

std::string comparison_table(const Path& folder) {
  return study_text(read_json(folder / "summary.json"));
}

}  // namespace evenray
