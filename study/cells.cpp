// SPDX-License-Identifier: Apache-2.0
#include "study/cells.hpp"

#include <c10/util/Exception.h>

#include <algorithm>
#include <set>

#include "augment/balance.hpp"
#include "augment/gates.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "study/judge.hpp"

namespace evenray {
namespace {

/// The seed of repetition `seed`: what differs between cells of one arm.
Runtime runtime_of(const Config& config, int64_t seed) {
  Runtime runtime = config.runtime;
  runtime.seed += seed;
  return runtime;
}

/// Sources and counts of a balanced arm.
struct Filling {
  Plan plan;
  std::vector<SourceShare> sources;
};

Filling fill(const Config& config,
             const StudyFolder& folder,
             const StudyPlan& study,
             const Cell& cell,
             const Store& store) {
  const Arm& arm = arm_named(cell.arm);
  const std::vector<int64_t> counts = class_counts(store);
  Filling filling{make_plan(counts, study.class_names, config.balance.strategy), {}};

  const Compute compute = make_compute(config.runtime);
  for (const auto& class_name : study.generator_classes(arm)) {
    const GeneratorCell generator{class_name, cell.seed, cell.fold};
    const Path path = folder.generator(generator);
    check(run_done(path),
          Exit::missing_input,
          cat("its generator ", generator.id(), " is missing or failed"));
    // Of the other classes only the rows that are replaced are synthetic.
    const double share = class_name == study.rare_class ? 1 : 0;
    filling.sources.push_back({gan_source(path, store, /*allow_resize=*/false, compute), share});
  }
  const bool fallback_only = filling.sources.empty();
  const std::string rest = arm.augmented ? "augment:" + config.study.policy : "copy";
  filling.sources.push_back(
      {make_source(rest, store, config.runtime.thread_count()), fallback_only ? 1. : 0.});
  if (!arm.synthetic_both) return filling;

  // The other classes get the synthetic share that the rare one will have.
  const auto rare = static_cast<size_t>(store.info().class_index(study.rare_class));
  const auto synthetic = static_cast<double>(synthetic_rows(config, filling.plan, rare));
  const double share = synthetic / static_cast<double>(counts[rare] + filling.plan.added[rare]);
  filling.plan.replaced.assign(counts.size(), 0);
  for (size_t c = 0; c < counts.size(); ++c) {
    if (c != rare)
      filling.plan.replaced[c] =
          static_cast<int64_t>(share * static_cast<double>(counts[c] + filling.plan.added[c]) + .5);
  }
  return filling;
}

/// The store that the cell trains on; made where it is missing.
Path training_store(const Config& config,
                    const StudyFolder& folder,
                    const StudyPlan& study,
                    const Cell& cell) {
  const Arm& arm = arm_named(cell.arm);
  const Path real = folder.store(cell.fold);
  if (!arm.balanced) return real;
  make_folder(folder.cell(cell));
  const Path balanced = folder.cell(cell) / "balanced.h5";
  const Path told = folder.cell(cell) / "balance.json";  // written last
  if (find_store(balanced) && std::filesystem::exists(told)) return balanced;
  const Store store(real);
  const Filling filling = fill(config, folder, study, cell, store);
  auto gates = make_gates(store, config.balance, config.runtime.thread_count());
  if (config.balance.memorised) gates.push_back(memorised_gate(store));
  const BalanceReport report =
      balance(store,
              filling.plan,
              filling.sources,
              gates,
              config.balance,
              static_cast<uint64_t>(config.runtime.seed + cell.seed),
              config.runtime.thread_count(),
              write_config([&, settings = config](Fields& f) mutable { settings.fields(f); }),
              balanced);
  write_json(told, report.json);
  return balanced;
}

}  // namespace

std::string GeneratorCell::id() const { return cat(class_name, "-s", seed, "-f", fold); }
std::string Cell::id() const { return cat(arm, "-s", seed, "-f", fold); }

int64_t synthetic_rows(const Config& config, const Plan& plan, size_t class_index) {
  const double most = config.balance.max_synthetic * static_cast<double>(plan.before[class_index]);
  return std::min(plan.added[class_index], static_cast<int64_t>(most));
}

Path StudyFolder::store(int fold) const { return root / "data" / cat("set-f", fold, ".h5"); }

std::vector<std::string> StudyPlan::generator_classes(const Arm& arm) const {
  if (!arm.synthetic) return {};
  if (!arm.synthetic_both) return {rare_class};
  std::vector<std::string> classes{rare_class};
  for (const auto& name : class_names) {
    if (name != rare_class) classes.push_back(name);
  }
  return classes;
}

StudyPlan make_study_plan(const Config& config,
                          const std::vector<std::string>& class_names,
                          const std::string& rare_class) {
  StudyPlan plan{
      class_names, rare_class, static_cast<int>(std::max<int64_t>(1, config.study.folds)), {}, {}};
  std::vector<std::string> drawn;
  for (const auto& name : config.study.arms) {
    for (const auto& class_name : plan.generator_classes(arm_named(name))) {
      if (std::find(drawn.begin(), drawn.end(), class_name) == drawn.end())
        drawn.push_back(class_name);
    }
  }
  for (int fold = 0; fold < plan.folds; ++fold) {
    for (int64_t seed = 0; seed < config.study.seeds; ++seed) {
      for (const auto& class_name : drawn) plan.generators.push_back({class_name, seed, fold});
      for (const auto& arm : config.study.arms) plan.cells.push_back({arm, seed, fold});
    }
  }
  return plan;
}

void run_generator(const Config& config, const StudyFolder& folder, const GeneratorCell& cell) {
  const Path path = folder.generator(cell);
  const Store store(folder.store(cell.fold));
  GanOptions gan = config.gan;
  Runtime runtime = runtime_of(config, cell.seed);
  // The largest class has none to begin with.
  if (gan.transfer == "majority" &&
      gan_situation(store, cell.class_name, gan, runtime).largest_other == 0) {
    gan.transfer = "none";
    gan.freeze_d = 0;
    gan.parent_kimg = 0;
  }
  const Visit settings = [&](Fields& f) {
    runtime.fields(f);
    f.section("gan", gan);
  };
  {
    RunFolder run(path, /*resume=*/true, settings);
    train_gan(store, cell.class_name, gan, runtime, run);
  }
  judge_generator(config, store, cell, path);
}

void run_cell(const Config& config,
              const StudyFolder& folder,
              const StudyPlan& plan,
              const Cell& cell) {
  const Path path = folder.cell(cell);
  if (run_done(path)) return;
  ClassifyOptions classify = config.classify;
  classify.patience = 0;  // all arms run the same number of steps
  if (arm_named(cell.arm).weighted) classify.loss_weights = "inverse";
  Runtime runtime = runtime_of(config, cell.seed);
  const Visit settings = [&](Fields& f) {
    runtime.fields(f);
    f.section("classify", classify);
  };
  // Training ends with DONE in a folder of its own, the cell itself with its figures.
  const Path training = path / "classifier";
  const Path data = training_store(config, folder, plan, cell);
  {
    RunFolder run(training, /*resume=*/true, settings);
    train_classifier(Store(data), classify, runtime, run);
  }
  const Classifier classifier(training, make_compute(runtime));
  const Predictions predictions = classifier.predict(Store(folder.store(cell.fold)), "test");
  write_predictions(path / "predictions.csv", predictions);
  MetricOptions options;
  options.thresholds = classifier.thresholds();
  options.split = "test";
  options.bootstrap_draws = classify.bootstrap;
  options.threads = config.runtime.thread_count();
  write_json(path / "metrics.json", metrics(predictions, options));
  if (!config.study.keep_stores) remove_store(path / "balanced.h5");
  write_atomic(path / "DONE", "");
}

std::optional<std::string> attempt(const Path& folder, const std::function<void()>& work) {
  std::string message;
  try {
    work();
    std::filesystem::remove(folder / "error.json");
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == Exit::stopped) throw;
    message = error.what();
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = error.what();
  }
  message = message.substr(0, message.find('\n'));
  write_json(folder / "error.json", Json{{"schema", "evenray-error-1"}, {"message", message}});
  return message;
}

}  // namespace evenray
