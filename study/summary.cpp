// SPDX-License-Identifier: Apache-2.0
#include "study/summary.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "study/compare.hpp"
#include "study/label_scores.hpp"
#include "study/preflight.hpp"
#include "study/report.hpp"

namespace evenray {
namespace {

/// A contrast whose best arms were chosen.
struct ChosenContrast {
  std::string contrast;  ///< "ARM vs ARM"; as named, if it names no best arm or they are not done
  Json validation;       ///< {arm: mean over its cells}, what they were chosen by; null if none was
};

/// Returns what judge_seam() found of an arm; an empty list if nothing was measured.
Json seams_of(const StudyFolder& folder, const std::string& arm) {
  const Path path = folder.cell({arm, 0, 0}) / kSeamFile;
  return std::filesystem::exists(path) ? read_json(path) : Json::array();
}

bool seam_visible(const StudyFolder& folder, const std::string& arm) {
  const Json seams = seams_of(folder, arm);
  return std::any_of(
      seams.begin(), seams.end(), [](const Json& seam) { return seam.at("visible") == true; });
}

/// Chooses the arms that the contrast calls best: by the mean value on validation over their
/// cells. No test image has a say. An arm whose seams are visible cannot be the best: a detector
/// may find the seam.
ChosenContrast choose_contrast(const Config& config,
                               const StudyFolder& folder,
                               const StudyPlan& plan) {
  ChosenContrast out{config.study.contrast, nullptr};
  const auto named = parse_contrast(out.contrast);
  std::vector<std::string> chosen;
  Json validation;
  for (const auto& name : {named.first, named.second}) {
    std::string best = name;
    double highest = -1;
    for (const auto& arm : config.study.compared()) {
      const bool other_side = arm.name == named.first || arm.name == named.second ||
                              (!chosen.empty() && arm.name == chosen[0]);
      if (other_side || !stands_for(name, arm) || seam_visible(folder, arm.name)) continue;
      const auto task = make_task(config.for_arm(arm), plan.rare_class);
      double sum = 0, cells = 0;
      for (const auto& cell : plan.cells) {
        if (cell.arm != arm.name) continue;
        if (!run_done(folder.cell(cell))) return out;
        sum += task->validation(folder.cell(cell));
        ++cells;
      }
      validation[arm.name] = sum / cells;
      if (!(sum / cells > highest)) continue;
      highest = sum / cells;
      best = arm.name;
    }
    chosen.push_back(best);
  }
  if (validation.is_null()) return out;
  return {cat(chosen[0], " vs ", chosen[1]), validation};
}

Json compare_finished(const Config& config,
                      const StudyFolder& folder,
                      const StudyPlan& plan,
                      const std::string& contrast,
                      const std::set<std::string>& left_out) {
  ComparisonInput input;
  input.contrast = contrast;
  input.draws = config.study.bootstrap;
  input.seed = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("compare").key();
  int64_t without_threshold = 0;
  for (const auto& arm : config.study.compared()) {
    const bool whole = std::all_of(plan.cells.begin(), plan.cells.end(), [&](const Cell& cell) {
      return cell.arm != arm.name || run_done(folder.cell(cell));
    });
    if (!whole) continue;
    const auto task = make_task(config.for_arm(arm), plan.rare_class);
    ArmRuns& runs = input.arms.emplace_back(ArmRuns{arm.name, {}});
    for (int64_t seed = 0; seed < config.study.seeds; ++seed) {
      std::vector<Path> folds;
      for (int fold = 0; fold < plan.folds; ++fold)
        folds.push_back(folder.cell({arm.name, seed, fold}));
      runs.seeds.push_back(task->scored(folds, left_out));
      without_threshold += runs.seeds.back().without_threshold;
    }
  }
  Json out = compare_arms(input, config.runtime.thread_count());
  const Scored any = input.arms.empty() ? make_task(config, plan.rare_class)->scored({}, {})
                                        : input.arms[0].seeds[0];
  out["metrics"] = any.keys;
  out["test"] = {{"images", any.rows.size()},
                 {"known", any.known},
                 {"positives", any.positives},
                 {"positive_groups", any.supports[0].positive},
                 {"negative_groups", any.supports[0].negative}};
  out["without_threshold"] = without_threshold;
  return out;
}

/// The test rows of all folds, divided by a condition on their metadata.
struct Divided {
  std::set<std::string> matching, others;  ///< ids
};

Divided divide_rows(const std::string& condition,
                    const StudyFolder& folder,
                    const StudyPlan& plan) {
  const Where where = Where::parse(condition);
  Divided out;
  for (int fold = 0; fold < plan.folds; ++fold) {
    const Store store(folder.store(fold));
    const StorePart& test = store.part("test");
    std::vector<int64_t> rows(static_cast<size_t>(test.size()));
    std::iota(rows.begin(), rows.end(), int64_t{0});
    for (const int64_t row : where.filter(store.info(), test, rows))
      out.matching.insert(test.ids[static_cast<size_t>(row)]);
    for (const auto& id : test.ids)
      if (!out.matching.contains(id)) out.others.insert(id);
  }
  return out;
}

/// Returns the comparison on some of the test rows: {"condition","left_out","comparison"}.
Json compare_partly(const Config& config,
                    const StudyFolder& folder,
                    const StudyPlan& plan,
                    const std::string& contrast,
                    const std::string& condition,
                    const std::set<std::string>& left_out) {
  return {{"condition", condition},
          {"left_out", left_out.size()},
          {"comparison", compare_finished(config, folder, plan, contrast, left_out)}};
}

/// Returns, for each arm, the means over its finished cells of where explanations of the rare class
/// lie; an empty list if the test images have no boxes.
Json localisation_json(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  Json out = Json::array();
  for (const auto& arm : config.study.compared()) {
    double cells = 0, images = 0;
    std::map<std::string, double> sums;
    for (const auto& cell : plan.cells) {
      if (cell.arm != arm.name || !run_done(folder.cell(cell))) continue;
      const Json metrics = read_json(folder.cell(cell) / "metrics.json");
      if (!metrics.contains("localisation")) continue;
      for (const auto& entry : metrics["localisation"].at("classes")) {
        if (entry.at("name") != plan.rare_class) continue;
        ++cells;
        images += entry.at("images").get<double>();
        for (const char* key : {"pointing", "chance", "energy", "box_area"})
          sums[key] += entry.at(key).get<double>();
      }
    }
    if (cells == 0) continue;
    Json entry{{"arm", arm.name}, {"images", images / cells}};
    for (const auto& [key, sum] : sums) entry[key] = sum / cells;
    out.push_back(entry);
  }
  return out;
}

/// Returns the settings that trials chose, {arm: ["KEY=VALUE ..." per fold]}.
Json tuned_json(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  Json out = Json::object();
  if (!config.study.tuned) return out;
  for (const auto& arm : config.study.compared()) {
    for (int fold = 0; fold < plan.folds; ++fold) {
      const Path path = folder.tuning(arm.name, fold) / "trials.json";
      if (!std::filesystem::exists(path)) {
        out[arm.name].push_back("not chosen");
        continue;
      }
      const Json result = read_json(path);
      const Json& best = result.at("trials").at(result.at("best").get<size_t>());
      out[arm.name].push_back(join(best.at("settings").get<std::vector<std::string>>(), " "));
    }
  }
  return out;
}

/// Returns summary.json. It contains no time, host or path, so that equal runs give equal bytes.
Json summarise(const Config& config,
               const StudyFolder& folder,
               const StudyPlan& plan,
               const Json& facts) {
  const ChosenContrast chosen = choose_contrast(config, folder, plan);
  Json summary{{"schema", "evenray-study-1"},
               {"task", config.study.task},
               {"data", facts},
               {"rare_class", plan.rare_class},
               {"seeds", config.study.seeds},
               {"folds", config.study.folds},
               {"contrast", chosen.contrast},
               {"policy", config.study.policy},
               {"max_synthetic", config.balance.max_synthetic},
               {"computed", read_json(folder.root / "plan.json").value("computed", Json())}};
  // The built-in arms are not listed, because they are the same in every study.
  for (const auto& arm : config.study.arm)
    summary["arms"].push_back({{"name", arm.name},
                               {"meaning", arm.meaning},
                               {"sources", arm.sources},
                               {"replace", arm.replace},
                               {"dose", arm.dose},
                               {"gates", arm.gates},
                               {"set", arm.set},
                               {"pretrain", arm.pretrain},
                               {"resampled", arm.resampled},
                               {"generator", arm.generator}});
  summary["preflight"] = preflight_json(config, plan, facts);
  summary["comparison"] = compare_finished(config, folder, plan, chosen.contrast, {});
  if (!config.study.without.empty()) {
    const std::string& condition = config.study.without;
    summary["without"] = compare_partly(config,
                                        folder,
                                        plan,
                                        chosen.contrast,
                                        condition,
                                        divide_rows(condition, folder, plan).matching);
  }
  for (const auto& condition : config.study.subgroups)
    summary["subgroups"].push_back(compare_partly(config,
                                                  folder,
                                                  plan,
                                                  chosen.contrast,
                                                  condition,
                                                  divide_rows(condition, folder, plan).others));
  if (const Json tuned = tuned_json(config, folder, plan); !tuned.empty()) summary["tuned"] = tuned;
  if (!chosen.validation.is_null())
    summary["chosen"] = {{"contrast", config.study.contrast}, {"validation", chosen.validation}};
  if (!config.study.detects())
    if (const Json labels = write_label_suspects(config, folder, plan); !labels.is_null())
      summary["labels"] = labels;
  if (const Json located = localisation_json(config, folder, plan); !located.empty())
    summary["localisation"] = located;
  for (const auto& arm : config.study.compared())
    for (Json seam : seams_of(folder, arm.name)) {
      seam["arm"] = arm.name;
      summary["seams"].push_back(seam);
    }
  Json generators = Json::array(), failed = Json::array(), balances = Json::object();
  for (const auto& cell : plan.generators) {
    const Path path = folder.generator(cell);
    if (std::filesystem::exists(path / "quality.json")) {
      Json generator = read_json(path / "quality.json");
      if (!cell.variant.empty()) generator["variant"] = cell.variant;
      generator["training"] = read_json(path / "metrics.json");
      generators.push_back(generator);
    }
    if (const auto failure = failure_of(folder.root, path); !failure.message.empty())
      failed.push_back({{"id", cell.id()}, {"message", failure.message}, {"again", failure.again}});
  }
  for (const auto& cell : plan.cells) {
    const Path path = folder.cell(cell);
    if (const auto failure = failure_of(folder.root, path); !failure.message.empty())
      failed.push_back({{"id", cell.id()}, {"message", failure.message}, {"again", failure.again}});
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

std::string results_csv(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  const auto task = make_task(config, plan.rare_class);
  std::vector<std::string> head{"cell", "arm", "seed", "fold", "state"};
  const auto columns = task->columns();
  head.insert(head.end(), columns.begin(), columns.end());
  head.emplace_back("message");
  std::string out = csv_line(head);
  for (const auto& cell : plan.cells) {
    const Path path = folder.cell(cell);
    std::vector<std::string> row{
        cell.id(), cell.arm, std::to_string(cell.seed), std::to_string(cell.fold)};
    if (run_done(path)) {
      row.emplace_back("done");
      const auto values = task->row(path);
      row.insert(row.end(), values.begin(), values.end());
      row.emplace_back();
    } else {
      const std::string message = failure_of(folder.root, path).message;
      row.emplace_back(message.empty() ? "waiting" : "failed");
      row.resize(head.size() - 1);
      row.push_back(message);
    }
    out += csv_line(row);
  }
  return out;
}

}  // namespace

Failure failure_of(const Path& root, const Path& folder) {
  const Path path = folder / "error.json";
  if (!std::filesystem::exists(path)) return {};
  const Json error = read_json(path);
  std::string message = error.at("message");
  const std::string prefix = root.string() + "/";
  for (size_t at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
    message.erase(at, prefix.size());
  return {"", message, error.value("again", true)};
}

void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts) {
  write_atomic(folder.root / "results.csv", results_csv(config, folder, plan));
  const Json summary = summarise(config, folder, plan, facts);
  const std::string settings = read_file(folder.root / "config.toml");
  write_json(folder.root / "summary.json", summary);
  const StudyResult result = parse_study_result(summary);
  write_atomic(folder.root / "report.md", report_markdown(folder, result, settings));
  write_atomic(folder.root / "report.html", report_html(folder, result, settings));
}

}  // namespace evenray
