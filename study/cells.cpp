// SPDX-License-Identifier: Apache-2.0
#include "study/cells.hpp"

#include <c10/util/Exception.h>

#include <algorithm>

#include "augment/sources.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/detector.hpp"
#include "gan/gan.hpp"
#include "search/search.hpp"
#include "study/quality.hpp"
#include "study/training_part.hpp"

namespace evenray {
namespace {

/// The run folder in a cell of the training on synthetic rows, before that on the arm's own.
constexpr const char* kPretraining = "pretraining";

/// Returns the settings of repetition number `seed`. Each repetition has another random seed.
Runtime runtime_of(const Config& config, int64_t seed) {
  Runtime runtime = config.runtime;
  runtime.seed += seed;
  return runtime;
}

/// Whether the same command may succeed later without other data or settings: if a device, a disk
/// or permissions were missing. A repeated training is bit-identical, so it fails in the same way.
bool may_differ_next_time(Exit code) {
  return code == Exit::missing_resource || code == Exit::cannot_create;
}

/// Returns the settings of an arm with those that trials on the validation images of the fold
/// chose. The first seed's cell makes the trials; the others take what it chose. Throws 66 if it
/// has not.
Config tuned(const Config& config,
             const StudyFolder& folder,
             const StudyPlan& plan,
             const Cell& cell,
             const Store& data,
             const std::vector<Path>& features) {
  const Path path = folder.tuning(cell.arm, cell.fold);
  check(cell.seed == 0 || std::filesystem::exists(path / "trials.json"),
        Exit::missing_input,
        "its settings are not chosen, because the cell of the first seed failed");
  const Runtime runtime = runtime_of(config, 0);
  const SearchResult result = run_search(
      config.tune,
      static_cast<uint64_t>(runtime.seed),
      Json{{"store", Store(folder.store(cell.fold)).content_digest()}},
      path / "journal.jsonl",
      [&](const std::string& name, const std::vector<std::string>& settings, double share) {
        const auto task = make_task(config.for_trial(settings, share), plan.rare_class, features);
        return try_task(*task, data, runtime, path / name);
      });
  write_json(path / "trials.json", result.json());
  return config.for_trial(result.best_settings(), 1);
}

}  // namespace

std::string GeneratorCell::id() const {
  return cat(class_name, variant.empty() ? "" : "@" + variant, "-s", seed, "-f", fold);
}
GeneratorCell cell_of(const GeneratorResult& result) {
  return {result.class_name, result.seed, result.fold, result.variant};
}
std::string Cell::id() const { return cat(arm, "-s", seed, "-f", fold); }

std::unique_ptr<Task> make_task(const Config& config,
                                const std::string& rare_class,
                                const std::vector<Path>& features) {
  if (config.study.detects()) return detect_task(config.detect, rare_class);
  ClassifyOptions options = config.classify;
  options.patience = 0;  // all arms run the same number of steps
  return classify_task(options, rare_class, features);
}

Path StudyFolder::store(int fold) const { return root / "data" / cat("set-f", fold, ".h5"); }
Path StudyFolder::generator_store(int fold) const {
  const Path own = root / "data" / cat("generator-f", fold, ".h5");
  return find_store(own) ? own : store(fold);
}

std::vector<std::string> StudyPlan::classes_of(const Arm& arm, const std::string& source) const {
  if (source == kPatchSource) return {rare_class};
  if (!source.starts_with(kGanSource)) return {};
  const std::string word = source.substr(std::string_view(kGanSource).size());
  const bool rare = word == "rare" || word == "all", others = word == "others" || word == "all";
  std::vector<std::string> classes;
  if (rare) classes.push_back(rare_class);
  for (const auto& name : class_names)
    if (name == word || (others && name != rare_class)) classes.push_back(name);
  if (!classes.empty() || others) return classes;
  std::vector<std::string> known{"rare", "others", "all"};
  known.insert(known.end(), class_names.begin(), class_names.end());
  throw Error(
      Exit::config,
      cat("study.arm '", arm.name, "': ", source, ": ", unknown_name("class", word, known)));
}

std::vector<std::string> StudyPlan::generator_classes(const Arm& arm) const {
  std::vector<std::string> classes;
  auto sources = parse_sources(arm.sources);
  for (const auto& source : parse_sources(arm.pretrain)) sources.push_back(source);
  for (const auto& source : sources)
    for (const auto& name : classes_of(arm, source.name))
      if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
  return classes;
}

bool StudyPlan::trains(const GeneratorCell& cell) const {
  return std::find(generators.begin(), generators.end(), cell) != generators.end();
}

StudyPlan make_study_plan(const Config& config,
                          const std::vector<std::string>& class_names,
                          const std::string& rare_class) {
  StudyPlan plan{
      class_names, rare_class, static_cast<int>(std::max<int64_t>(1, config.study.folds)), {}, {}};
  plan.tuned = config.study.tuned;
  const auto arms = config.study.compared();
  // (class, variant) of each generator that some arm needs, in the order of the arms.
  std::vector<std::pair<std::string, std::string>> drawn;
  for (const auto& arm : arms)
    for (const auto& class_name : plan.generator_classes(arm)) {
      const std::pair wanted{class_name, arm.generator.empty() ? "" : arm.name};
      if (std::find(drawn.begin(), drawn.end(), wanted) == drawn.end()) drawn.push_back(wanted);
    }
  for (int fold = 0; fold < plan.folds; ++fold) {
    for (int64_t seed = 0; seed < config.study.seeds; ++seed) {
      for (const auto& [class_name, variant] : drawn)
        plan.generators.push_back({class_name, seed, fold, variant});
      for (const auto& arm : arms) plan.cells.push_back({arm.name, seed, fold});
    }
  }
  return plan;
}

bool majority_is_parent(const GanOptions& gan) {
  return gan.transfer.from == "majority" && gan.where.empty() &&
         (gan.transfer.parent_kimg == 0 || gan.transfer.parent_kimg >= gan.total_kimg);
}

void run_generator(const Config& config,
                   const StudyFolder& folder,
                   const StudyPlan& plan,
                   const GeneratorCell& cell) {
  const Path path = folder.generator(cell);
  const Store store(folder.generator_store(cell.fold));
  GanOptions gan =
      cell.variant.empty() ? config.gan : config.generator_of(config.study.arm_named(cell.variant));
  Path parent;
  if (gan.transfer.from == "majority") {
    const bool shared = majority_is_parent(gan);
    GeneratorCell majority = cell;
    majority.class_name = largest_class(store);
    if (cell == majority) {
      const GanOptions own = gan;
      gan = parent_options(gan);
      gan.where = own.where;
      if (!shared) {
        gan.total_kimg = own.total_kimg;
        gan.early_stop = own.early_stop;
      }
    } else if (shared && plan.trains(majority)) {
      run_generator(config, folder, plan, majority);
      parent = folder.generator(majority);
    }
  }
  Runtime runtime = runtime_of(config, cell.seed);
  const Visit settings = [&](Fields& f) {
    runtime.fields(f);
    f.section("gan", gan);
  };
  const bool trained = run_done(path);
  if (!trained) log_info(cat("generator ", cell.id()));
  {
    RunFolder run(path, /*resume=*/true, settings);
    train_gan(store, cell.class_name, gan, runtime, run, parent);
  }
  write_quality(config, store, cell, path);
  if (trained) return;
  if (const auto verdict = verdict_in(read_json(path / "quality.json"), "quality.json"))
    log_info(cat("generator ", cell.id(), " is ", verdict->text()));
}

void run_cell(const Config& study_config,
              const StudyFolder& folder,
              const StudyPlan& plan,
              const Cell& cell) {
  const Path path = folder.cell(cell);
  if (run_done(path)) return;
  const Arm arm = study_config.study.arm_named(cell.arm);
  Config config = study_config.for_arm(arm);
  const std::vector<Path> features{features_folder(folder.store(cell.fold))};
  Runtime runtime = runtime_of(config, cell.seed);
  const auto train = [&](const Path& data, const std::string& run_name) {
    const auto task = make_task(config, plan.rare_class, features);
    // The training writes DONE into its run folder. The cell writes its own DONE after the test.
    RunFolder run(path / run_name, /*resume=*/true, [&](Fields& f) {
      runtime.fields(f);
      task->fields(f);
    });
    if (!run.done()) task->prepare(Store(folder.store(cell.fold)), runtime);
    task->train(Store(data), runtime, run);
  };
  const auto task = make_task(config, plan.rare_class, features);
  if (!arm.pretrain.empty()) {
    const int64_t steps = config.classify.steps;
    config.classify.steps = std::max<int64_t>(1, steps / 2);
    train(pretraining_store(config, arm, folder, plan, cell), kPretraining);
    config.classify.weights = (path / kPretraining).string();
    config.classify.steps = std::max<int64_t>(1, steps - steps / 2);
  }
  const Path data = training_store(config, arm, folder, plan, cell);
  if (plan.tuned)
    config.classify = tuned(config, folder, plan, cell, Store(data), features).classify;
  train(data, task->run_name());
  task->test(path, Store(folder.store(cell.fold)), "test", runtime);
  if (!config.study.keep_stores) {
    for (const char* name : {"balanced.h5", "pretrain.h5"}) {
      remove_store(path / name);
      std::error_code ignored;
      std::filesystem::remove_all(features_folder(path / name), ignored);
    }
  }
  write_atomic(path / "DONE", "");
}

std::optional<std::string> attempt(const Path& folder, const std::function<void()>& work) {
  std::string message;
  bool again = true;  // what no Error describes, memory for example, may differ next time
  try {
    work();
    std::filesystem::remove(folder / "error.json");
    return std::nullopt;
  } catch (const Error& error) {
    // After a fault of the disk, the other cells would fail too.
    if (error.code() == Exit::stopped || error.code() == Exit::io) throw;
    message = error.what();
    again = may_differ_next_time(error.code());
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = error.what();
  }
  message = message.substr(0, message.find('\n'));
  write_json(folder / "error.json",
             Json{{"schema", "evenray-error-1"}, {"message", message}, {"again", again}});
  return message;
}

}  // namespace evenray
