// SPDX-License-Identifier: Apache-2.0
// The steps of a study: data, generators, cells, comparison, report. Each step skips what earlier
// runs have finished.
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/compute.hpp"
#include "study/plan.hpp"
#include "study/preparation.hpp"
#include "study/report.hpp"
#include "study/summary.hpp"

namespace evenray {
namespace {

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

/// Returns threads, device and precision. Results are bit-identical only if these are equal.
Json computed_with(const Config& config) {
  const Compute compute = make_compute(config.runtime);
  return {{"threads", compute.threads},
          {"device", compute.device.is_cuda() ? "cuda" : "cpu"},
          {"precision", compute.bf16 ? "bf16" : "fp32"}};
}

/// Decides precision `auto` once for the whole study, before anything is trained, and returns why.
/// A study that has begun keeps what its plan.json says.
Json decide_study_precision(Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  const Path path = folder.root / "plan.json";
  const Json before = std::filesystem::exists(path) ? read_json(path) : Json::object();
  if (config.runtime.precision != "auto") return before.value("precision_reason", Json());
  if (before.contains("precision_reason")) {
    config.runtime.precision = before.at("computed").at("precision");
    return before["precision_reason"];
  }
  if (!before.empty()) return nullptr;  // begun by a version that did not measure
  const PrecisionChoice choice = study_precision(config, plan);
  config.runtime.precision = choice.precision;
  log_info(choice.text());
  return choice.reason;
}

/// Writes plan.json. Throws 78 if the study was started with other threads, device or precision.
void write_plan(const Config& config,
                const StudyFolder& folder,
                const StudyPlan& plan,
                const Json& precision_reason) {
  const Path path = folder.root / "plan.json";
  Json out = plan_json(plan);
  out["computed"] = computed_with(config);
  if (!precision_reason.is_null()) out["precision_reason"] = precision_reason;
  if (std::filesystem::exists(path)) {
    const Json before = read_json(path).value("computed", out["computed"]);
    check(before == out["computed"],
          Exit::config,
          cat(folder.root.string(),
              " was started with --threads ",
              before.value("threads", Json()).dump(),
              " --device ",
              before.value("device", "cpu"),
              " --precision ",
              before.value("precision", "fp32"),
              "; give the same to resume it"));
  }
  write_json(path, out);
}

}  // namespace

int run_study(const Config& given, const Path& out) {
  given.check_study();
  computed_with(given);  // throws for a missing device before any work is done
  Config config = given;
  const StudyFolder folder{out};
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  log_info(cat("study in ", out.string()));
  const Json facts = prepare_data(config, folder);
  const StudyPlan plan = plan_from(config, facts);
  const Json precision_reason = decide_study_precision(config, folder, plan);
  write_plan(config, folder, plan, precision_reason);
  check_doses(config, plan, facts);
  check_groups(plan, folder, config.gan.where);
  int failed = 0;
  for (const auto& generator : plan.generators) {
    if (const auto message = attempt(folder.generator(generator),
                                     [&] { run_generator(config, folder, plan, generator); })) {
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
  const auto add_state = [&](const std::string& id, const Path& path, const Path& mark) {
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
    add_state(
        "generator " + cell.id(), folder.generator(cell), folder.generator(cell) / "quality.json");
  for (const auto& cell : plan.cells)
    add_state(cell.id(), folder.cell(cell), folder.cell(cell) / "DONE");
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
        cat(folder_path.string(), ": the study has no prepared data yet; run `study run` first"));
  const Json known = read_json(facts);
  write_report(config, folder, plan_from(config, known), known);
}

std::string comparison_table(const Path& folder) {
  return study_text(parse_study_result(read_json(folder / "summary.json")));
}

}  // namespace evenray
