// SPDX-License-Identifier: Apache-2.0
// The steps of a study: data, generators, cells, comparison, report. Each step skips what earlier
// runs have finished.
#include <chrono>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"
#include "nn/compute.hpp"
#include "study/estimate.hpp"
#include "study/plan.hpp"
#include "study/preparation.hpp"
#include "study/report.hpp"
#include "study/summary.hpp"

namespace evenray {
namespace {

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

/// Throws 78 if the study was started with other threads, device or precision.
void check_computed(const StudyFolder& folder, const Json& computed) {
  const Path path = folder.root / "plan.json";
  if (!std::filesystem::exists(path)) return;
  const Json before = read_json(path).value("computed", computed);
  check(before == computed,
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

/// Runs the generators and cells of a study and says how long the rest takes.
class Progression {
 public:
  Progression(const StudyFolder& folder, const StudyPlan& plan, StudyClock& clock)
      : folder_(folder), plan_(plan), clock_(clock) {}

  /// Runs a generator or cell, whose last file is `mark`. `place`: "cell 5 of 21". `begun`: an
  /// earlier process has done a part of it. Throws 75 after a stop signal.
  void run(const std::string& id,
           const std::string& place,
           const std::string& kind,
           bool begun,
           const Path& mark,
           const std::function<void()>& work) {
    const bool done = std::filesystem::exists(mark);
    auto others = units_left(folder_, plan_);
    if (!done) --others[kind];
    const WithinTask within(place, clock_.seconds_of(others));
    const auto start = std::chrono::steady_clock::now();
    if (const auto message = attempt(mark.parent_path(), work)) {
      log_info(cat(id, " failed: ", *message));
      ++failed_;
    } else if (!done) {
      // One that was resumed took longer than this process knows.
      if (!begun)
        clock_.add(kind,
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      log_info(cat(id,
                   " done, about ",
                   duration_text(clock_.seconds_of(units_left(folder_, plan_))),
                   " left"));
    }
    throw_if_stopped();
  }

  int failed() const { return failed_; }

 private:
  const StudyFolder& folder_;
  const StudyPlan& plan_;
  StudyClock& clock_;
  int failed_ = 0;
};

}  // namespace

int run_study(const Config& given,
              const Path& out,
              const std::function<void(const std::string& text)>& say) {
  given.check_study();
  if (!run_done(out)) check_weights(given);
  computed_with(given);  // throws for a missing device before any work is done
  Config config = given;
  const StudyFolder folder{out};
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  log_info(cat("study in ", out.string()));
  const Path facts_path = out / "data" / "facts.json";
  std::optional<StudyData> data;
  if (!std::filesystem::exists(facts_path)) data = divide_data(config);
  Json facts = data ? data->facts : read_json(facts_path);
  const StudyPlan plan = plan_of_facts(config, facts);
  const Json precision_reason = decide_study_precision(config, folder, plan);
  const Json computed = computed_with(config);
  check_computed(folder, computed);
  Json planned = planned_json(config, plan, &facts);
  StudyClock clock(folder);
  if (!run_done(out)) {
    const StudyTimes times = study_times(config, plan, &facts);
    add_needs(planned, config, plan, times, &facts, out);
    planned["precision"] = computed.at("precision");
    if (!precision_reason.is_null()) planned["precision_reason"] = precision_reason;
    if (say) say(plan_text(planned));
    if (!clock.known())
      clock.set_estimate(times);
    else if (say)
      say(cat("resumed: about ",
              duration_text(clock.seconds_of(units_left(folder, plan))),
              " of it are left\n"));
  }
  if (data) facts = pack_data(config, folder, *data);
  planned["computed"] = computed;
  if (!precision_reason.is_null()) planned["precision_reason"] = precision_reason;
  write_json(out / "plan.json", planned);
  check_groups(plan, folder, config.gan.where);
  Progression progression(folder, plan, clock);
  const auto place = [](const char* what, size_t number, size_t count) {
    return cat(what, " ", number, " of ", count);
  };
  size_t number = 0;
  for (const auto& generator : plan.generators) {
    const Path path = folder.generator(generator);
    progression.run("generator " + generator.id(),
                    place("generator", ++number, plan.generators.size()),
                    StudyClock::kind_of(generator),
                    std::filesystem::exists(path),
                    path / "quality.json",
                    [&] { run_generator(config, folder, plan, generator); });
  }
  number = 0;
  for (const auto& cell : plan.cells) {
    log_info(cat("cell ", cell.id()));
    const Path path = folder.cell(cell);
    const bool searches = plan.tuned && cell.seed == 0;
    const bool begun = std::filesystem::exists(path) ||
                       (searches && std::filesystem::exists(folder.tuning(cell.arm, cell.fold)));
    progression.run("cell " + cell.id(),
                    place("cell", ++number, plan.cells.size()),
                    StudyClock::kind_of(plan, cell),
                    begun,
                    path / "DONE",
                    [&] { run_cell(config, folder, plan, cell); });
  }
  const int failed = progression.failed();
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
  const StudyPlan plan = plan_of_facts(config, read_json(facts));
  const auto add_state = [&](const std::string& id, const Path& path, const Path& mark) {
    const Failure failure = failure_of(folder_path, path);
    if (std::filesystem::exists(mark)) {
      out["done"].push_back(id);
    } else if (!failure.message.empty()) {
      out["failed"].push_back({{"id", id}, {"message", failure.message}, {"again", failure.again}});
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
  const double left = StudyClock(folder).seconds_of(units_left(folder, plan));
  out["left_s"] = std::isfinite(left) ? Json(left) : Json();
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
                        " waiting",
                        status.value("left_s", Json()).is_number() && status["state"] != "done"
                            ? cat(", about ", duration_text(status["left_s"]), " left")
                            : "",
                        "\n");
  for (const auto& failed : status["failed"]) {
    out += cat("  failed ",
               failed["id"].get<std::string>(),
               ": ",
               failed["message"].get<std::string>(),
               "\n");
  }
  return out;
}

void report_study(const Path& folder_path,
                  const std::string& without,
                  const std::vector<std::string>& subgroups) {
  Config config = read_study_config(folder_path);
  if (!without.empty()) config.study.without = without;
  if (!subgroups.empty()) config.study.subgroups = subgroups;
  const StudyFolder folder{folder_path};
  const Path facts = folder_path / "data" / "facts.json";
  check(std::filesystem::exists(facts),
        Exit::missing_input,
        cat(folder_path.string(), ": the study has no prepared data yet; run `study run` first"));
  const Json known = read_json(facts);
  write_report(config, folder, plan_of_facts(config, known), known);
}

bool retry_helps(const Path& folder) {
  return parse_study_result(read_json(folder / "summary.json")).retry_helps();
}

std::string comparison_table(const Path& folder) {
  return study_text(parse_study_result(read_json(folder / "summary.json")));
}

}  // namespace evenray
