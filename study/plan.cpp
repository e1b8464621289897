// SPDX-License-Identifier: Apache-2.0
#include "study/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "augment/balance.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "gan/gan.hpp"
#include "study/preflight.hpp"
#include "study/preparation.hpp"
#include "study/training_part.hpp"

namespace evenray {
namespace {

/// A study that takes longer gets a warning.
constexpr double kLongStudy_s = 48 * 3600;

Json plan_of_generator(const Config& config, const Compute* compute) {
  const auto size = config.generator_pack().size_px;
  return gan_plan(config.gan, static_cast<int>(size[0]), static_cast<int>(size[1]), compute);
}

/// Adds the seconds of `trainings` trainings of `steps` steps each.
void add_times(PrecisionTimes& sum, const PrecisionTimes& step, int64_t steps, size_t trainings) {
  const double count = static_cast<double>(steps) * static_cast<double>(trainings);
  sum.fp32_s += count * step.fp32_s;
  sum.bf16_s += count * step.bf16_s;
}

}  // namespace

Json plan_json(const StudyPlan& plan) {
  Json cells = Json::array(), generators = Json::array();
  for (const auto& cell : plan.cells)
    cells.push_back(
        {{"id", cell.id()}, {"arm", cell.arm}, {"seed", cell.seed}, {"fold", cell.fold}});
  for (const auto& cell : plan.generators) {
    generators.push_back(
        {{"id", cell.id()}, {"class", cell.class_name}, {"seed", cell.seed}, {"fold", cell.fold}});
    if (!cell.variant.empty()) generators.back()["variant"] = cell.variant;
  }
  return {{"schema", "evenray-study-plan-1"},
          {"rare_class", plan.rare_class},
          {"generators", generators},
          {"cells", cells}};
}

Config read_study_config(const Path& folder) {
  Config config;
  const Path path = folder / "config.toml";
  check(
      std::filesystem::exists(path), Exit::missing_input, cat(folder.string(), " holds no study"));
  read_config_text([&](Fields& f) { config.fields(f); }, read_file(path, 1 << 20), path.string());
  return config;
}

StudyPlan plan_of_facts(const Config& config, const Json& facts) {
  return make_study_plan(
      config, facts.at("class_names").get<std::vector<std::string>>(), facts.at("rare_class"));
}

Json planned_json(const Config& config, const StudyPlan& plan, const Json* facts) {
  Json out = plan_json(plan);
  out["task"] = config.study.task;
  out["steps"] = make_task(config, plan.rare_class)->steps();
  out["kimg"] = 0.;
  out["size_px"] = config.data.pack.size_px;
  if (!plan.generators.empty()) {
    const Json training = plan_of_generator(config, nullptr);
    out["kimg"] = training["kimg"];
    if (training.contains("parent")) out["parent_kimg"] = training["parent"]["kimg"];
    if (!config.study.generator_size.empty() || config.study.draws_patches())
      out["generator_size_px"] = config.generator_pack().size_px;
  }
  if (!facts) return out;
  check_doses(config, plan, *facts);
  check_arms_differ(config, plan, *facts);
  check_rare_images(config, plan, *facts);
  out["data"] = {{"source", facts->at("source")},
                 {"grouping", facts->at("grouping")},
                 {"class_names", plan.class_names},
                 {"folds", facts->at("folds")}};
  out["preflight"] = preflight_json(config, plan, *facts);
  return out;
}

void add_needs(Json& planned,
               const Config& config,
               const StudyPlan& plan,
               const StudyTimes& times,
               const Json* facts,
               const Path& out) {
  planned["estimate_s"] = times.json();
  Json limits = Json::array();
  if (facts) {
    const int64_t needed = study_bytes(config, plan, *facts);
    const auto free = static_cast<int64_t>(free_bytes(out));
    planned["disk"] = {{"needed_bytes", needed}, {"free_bytes", free}};
    if (needed > free)
      limits.push_back({{"kind", "disk"},
                        {"text",
                         cat("the study needs about ",
                             bytes_text(needed),
                             ", and ",
                             out.string(),
                             " has ",
                             bytes_text(free),
                             " free")},
                        {"change", "another --out, or keep_checkpoints = 1"}});
  }
  const double job = seconds_of_job(), total = times.total.median_s;
  if (total > job)
    limits.push_back({{"kind", "time"},
                      {"text",
                       cat("this job ends in ",
                           duration_text(std::max(0., job)),
                           "; the study then stops and continues when it is run again")},
                      {"change", "a longer job, or the same command in further jobs"}});
  else if (total > kLongStudy_s)
    limits.push_back({{"kind", "time"},
                      {"text", cat("the study takes about ", duration_text(total))},
                      {"change", "fewer study.arms or study.seeds, or a smaller gan.total_kimg"}});
  planned["limits"] = limits;
}

PrecisionChoice study_precision(const Config& config, const StudyPlan& plan) {
  const Compute compute = make_compute(config.runtime);
  if (!compute.auto_bf16) return unsupported_bf16();
  const auto height = static_cast<int>(config.data.pack.size_px[0]);
  const auto width = static_cast<int>(config.data.pack.size_px[1]);
  const auto task = make_task(config, plan.rare_class);
  PrecisionTimes sum{0, 0};
  add_times(
      sum, precision_times(compute, task->timed(height, width)), task->steps(), plan.cells.size());
  if (!plan.generators.empty()) {
    const auto drawn = config.generator_pack().size_px;
    const TimedNetwork network =
        timed_gan(config.gan, static_cast<int>(drawn[0]), static_cast<int>(drawn[1]));
    const double kimg = plan_of_generator(config, nullptr)["kimg"];
    add_times(sum,
              precision_times(compute, network),
              std::llround(kimg * 1000 / static_cast<double>(network.minibatch)),
              plan.generators.size());
  }
  return quicker_precision(sum);
}

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
    for (const auto& arm : config.study.compared()) {
      const auto drawn = plan.generator_classes(arm);
      const bool needs_rare = std::find(drawn.begin(), drawn.end(), plan.rare_class) != drawn.end();
      const int64_t added = arm.pastes() ? pasted_rows(config, arm, plan, counts).rows
                                         : synthetic_rows(config.for_arm(arm).balance, rows, rare);
      check(added > 0 || (!needs_rare && !arm.pastes()),
            Exit::config,
            cat("arm '",
                arm.name,
                "' would get no synthetic image of ",
                plan.rare_class,
                ": check study.rare_class, balance.strategy and balance.max_synthetic"));
    }
  }
}

void check_groups(const StudyPlan& plan, const StudyFolder& folder, const std::string& where) {
  for (const auto& generator : plan.generators) {
    if (generator.seed > 0) continue;  // all seeds have the same rows
    const Store store(folder.generator_store(generator.fold));
    std::set<std::string> groups;
    for (const int64_t row : Where::parse(where).filter(
             store.info(), store.part("train"), real_rows(store, "train", generator.class_name)))
      groups.insert(store.part("train").groups[static_cast<size_t>(row)]);
    check(groups.size() != 1,
          Exit::bad_data,
          cat("all training images of ",
              generator.class_name,
              " belong to group '",
              groups.empty() ? "" : *groups.begin(),
              "', so a generator of them cannot be evaluated; remove the arms with gan"));
  }
}

void check_weights(const Config& config) {
  for (const auto& arm : config.study.compared()) {
    const Config own = config.for_arm(arm);
    config.study.detects() ? check_weights(own.detect) : check_weights(own.classify);
  }
}

Json plan_study(const Config& config, bool estimate, const Path& out) {
  config.check_study();
  check_weights(config);
  // Without data.path the classes are named by their roles.
  std::optional<StudyData> data;
  if (!config.data.path.empty()) data = divide_data(config);
  const StudyPlan plan = data ? plan_of_facts(config, data->facts)
                              : make_study_plan(config, {"other", "rare"}, "rare");
  if (!estimate) return planned_json(config, plan, data ? &data->facts : nullptr);
  Config timed = config;
  Json reason;
  if (config.runtime.precision == "auto") {
    const PrecisionChoice choice = study_precision(config, plan);
    timed.runtime.precision = choice.precision;
    reason = choice.reason;
  }
  Json json = planned_json(timed, plan, data ? &data->facts : nullptr);
  add_needs(json,
            timed,
            plan,
            study_times(timed, plan, data ? &data->facts : nullptr),
            data ? &data->facts : nullptr,
            out);
  json["precision"] = timed.runtime.precision;
  if (!reason.is_null()) json["precision_reason"] = reason;
  return json;
}

}  // namespace evenray
