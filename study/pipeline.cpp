// SPDX-License-Identifier: Apache-2.0
// The main flow of a study: data, generators, cells, comparison, report. Each step keeps what is
// there already.
#include <torch/types.h>

#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/reader.hpp"
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

/// Why the cell or generator in `folder` failed, with paths inside the study named from its root;
/// empty where it did not.
std::string failure_of(const Path& root, const Path& folder) {
  const Path path = folder / "error.json";
  if (!std::filesystem::exists(path)) return "";
  std::string message = read_json(path).at("message");
  const std::string prefix = root.string() + "/";
  for (size_t at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
    message.erase(at, prefix.size());
  return message;
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
  std::vector<std::string> ids;
  int64_t without_threshold = 0;
  for (const auto& arm : config.study.arms) {
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
  summary["comparison"] = compare_finished(config, folder, plan);
  Json generators = Json::array(), failed = Json::array(), balances = Json::object();
  for (const auto& cell : plan.generators) {
    const Path path = folder.generator(cell);
    if (std::filesystem::exists(path / "quality.json")) {
      Json generator = read_json(path / "quality.json");
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
      const std::string message = failure_of(folder.root, path);
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

/// Threads, device and precision: results are the same bit for bit only where these are.
Json computed_with(const Config& config) {
  const Compute compute = make_compute(config.runtime);
  return {{"threads", compute.threads},
          {"device", compute.device.is_cuda() ? "cuda" : "cpu"},
          {"precision", compute.bf16 ? "bf16" : "fp32"}};
}

/// plan.json; a study goes on only as it was begun.
void write_plan(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  const Path path = folder.root / "plan.json";
  Json out = plan_json(plan);
  out["computed"] = computed_with(config);
  if (std::filesystem::exists(path)) {
    const Json before = read_json(path).value("computed", out["computed"]);
    check(before == out["computed"],
          Exit::config,
          cat(folder.root.string(),
              " was begun with --threads ",
              before.value("threads", Json()).dump(),
              " --device ",
              before.value("device", "cpu"),
              " --precision ",
              before.value("precision", "fp32"),
              "; give these to go on with it"));
  }
  write_json(path, out);
}

/// An arm with a generator that gets nothing from it would be another arm under its name.
void check_doses(const Config& config, const StudyPlan& plan, const Json& facts) {
  for (const auto& fold : facts.at("folds")) {
    const Json& train = fold.at("counts").at("train");
    std::vector<int64_t> counts;
    size_t rare = 0;
    for (size_t c = 0; c < plan.class_names.size(); ++c) {
      counts.push_back(train.value(plan.class_names[c], int64_t{0}));
      if (plan.class_names[c] == plan.rare_class) rare = c;
    }
    const Plan rows = make_plan(counts, plan.class_names, config.balance.strategy);
    for (const auto& arm : config.study.arms) {
      check(!arm_named(arm).synthetic || synthetic_rows(config, rows, rare) > 0,
            Exit::config,
            cat("arm '",
                arm,
                "' would get no synthetic image of ",
                plan.rare_class,
                ": look at study.rare_class, balance.strategy and balance.max_synthetic"));
    }
  }
}

/// The classes of the data and which of them is rare, as far as a look at the labels tells; roles
/// instead of names where no data are named yet.
std::pair<std::vector<std::string>, std::string> expected_classes(const Config& config) {
  if (config.data.path.empty()) return {{"other", "rare"}, "rare"};
  const Manifest manifest = read_dataset(config.data.path, config.data.format);
  if (!config.study.rare_class.empty()) {
    manifest.class_index(config.study.rare_class);
    return {manifest.class_names, config.study.rare_class};
  }
  std::vector<int64_t> counts(manifest.class_names.size());
  for (const auto& sample : manifest.samples) {
    for (size_t c = 0; c < counts.size(); ++c) counts[c] += sample.labels[c] == 1;
  }
  const auto rarest = std::min_element(counts.begin(), counts.end()) - counts.begin();
  return {manifest.class_names, manifest.class_names[static_cast<size_t>(rarest)]};
}

}  // namespace

Json plan_study(const Config& config, bool estimate) {
  config.check_study();
  const auto [class_names, rare_class] = expected_classes(config);
  const StudyPlan plan = make_study_plan(config, class_names, rare_class);
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
  given.check_study();
  computed_with(given);  // refuses a device that is not there before any work
  Config config = given;
  const StudyFolder folder{out};
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  log_info(cat("study in ", out.string()));
  const Json facts = prepare_data(config, folder);
  const StudyPlan plan = plan_from(config, facts);
  write_plan(config, folder, plan);
  check_doses(config, plan, facts);
  int failed = 0;
  for (const auto& generator : plan.generators) {
    log_info(cat("generator ", generator.id()));
    if (const auto message = attempt(folder.generator(generator),
                                     [&] { run_generator(config, folder, generator); })) {
      log_info(cat("generator ", generator.id(), " failed: ", *message));
      ++failed;
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
    const std::string message = failure_of(folder_path, path);
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
