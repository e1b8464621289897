// SPDX-License-Identifier: Apache-2.0
#include "study/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "augment/balance.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/reader.hpp"
#include "dataset/where.hpp"
#include "gan/gan.hpp"

namespace evenray {
namespace {

Json plan_of_generator(const Config& config, const Compute* compute) {
  const auto& size = config.data.pack.size_px;
  return gan_plan(config.gan, static_cast<int>(size[0]), static_cast<int>(size[1]), compute);
}

/// Adds the seconds of `trainings` trainings of `steps` steps each.
void add_times(PrecisionTimes& sum, const PrecisionTimes& step, int64_t steps, size_t trainings) {
  const double count = static_cast<double>(steps) * static_cast<double>(trainings);
  sum.fp32_s += count * step.fp32_s;
  sum.bf16_s += count * step.bf16_s;
}

/// Returns the seconds of one generator, as a mean over the classes: of those that start from the
/// generator of the largest class, none trains a parent of its own (see run_generator()).
double seconds_of_generator(const Config& config, const StudyPlan& plan, const Compute& compute) {
  const Json training = plan_of_generator(config, &compute);
  const double whole = training["estimate_s"];
  const auto& classes = plan.class_names;
  const bool shares_parent =
      majority_is_parent(config.gan) &&
      std::all_of(classes.begin(), classes.end(), [&](const std::string& name) {
        return plan.trains({name, 0, 0});
      });
  if (!shares_parent) return whole;
  const double parent = training["parent"]["estimate_s"];
  const auto others = static_cast<double>(classes.size() - 1);
  return (parent + others * (whole - parent)) / (others + 1);
}

double seconds_of_cell(const Config& config, const Task& task, const Compute& compute) {
  const auto& size = config.data.pack.size_px;
  const TimedNetwork network = task.timed(static_cast<int>(size[0]), static_cast<int>(size[1]));
  return network.step_seconds(compute, network.minibatch) * static_cast<double>(task.steps());
}

/// Returns the classes of the data and the rare one, from the labels alone (without reading
/// images). Without data.path the names are the roles "other" and "rare".
std::pair<std::vector<std::string>, std::string> expected_classes(const Config& config) {
  if (config.data.path.empty()) return {{"other", "rare"}, "rare"};
  const Manifest manifest = read_dataset(config.data.path, config.data.read);
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
    const TimedNetwork network = timed_gan(config.gan, height, width);
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
      check(!needs_rare || synthetic_rows(config.for_arm(arm).balance, rows, rare) > 0,
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
    const Store store(folder.store(generator.fold));
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

Json plan_study(const Config& config, bool estimate) {
  config.check_study();
  const auto [class_names, rare_class] = expected_classes(config);
  const StudyPlan plan = make_study_plan(config, class_names, rare_class);
  const auto task = make_task(config, rare_class);
  Json out = plan_json(plan);
  out["steps"] = task->steps();
  const Json training = plan_of_generator(config, nullptr);
  out["kimg"] = plan.generators.empty() ? 0. : training["kimg"].get<double>();
  if (training.contains("parent") && !plan.generators.empty())
    out["parent_kimg"] = training["parent"]["kimg"];
  out["size_px"] = config.data.pack.size_px;
  if (estimate) {
    Config timed = config;
    if (config.runtime.precision == "auto") {
      const PrecisionChoice choice = study_precision(config, plan);
      timed.runtime.precision = choice.precision;
      out["precision_reason"] = choice.reason;
    }
    out["precision"] = timed.runtime.precision;
    const Compute compute = make_compute(timed.runtime);
    const double generator =
        plan.generators.empty() ? 0. : seconds_of_generator(config, plan, compute);
    const double cell = seconds_of_cell(config, *task, compute);
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
                        " kimg",
                        plan.contains("parent_kimg")
                            ? cat(" (their parents ", plan["parent_kimg"].dump(), " kimg)")
                            : "",
                        " at ",
                        plan["size_px"].dump(),
                        " px, ",
                        plan["steps"].dump(),
                        " classifier steps per cell\n");
  for (const auto& cell : plan["cells"]) out += "  " + cell["id"].get<std::string>() + "\n";
  if (plan.contains("estimate_s")) {
    const Json& estimate = plan["estimate_s"];
    out += cat("precision: ",
               plan["precision"].get<std::string>(),
               plan.contains("precision_reason")
                   ? cat(" (", plan["precision_reason"].get<std::string>(), ")")
                   : "",
               "\nestimated time: ",
               duration_text(estimate["total"]),
               " (",
               duration_text(estimate["generator"]),
               " per generator, ",
               duration_text(estimate["cell"]),
               " per cell), without data preparation and evaluation\n");
  }
  return out;
}

}  // namespace evenray
