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
#include "lesion/lesion.hpp"
#include "lesion/seam.hpp"
#include "search/search.hpp"
#include "study/quality.hpp"

namespace evenray {
namespace {

constexpr const char *kGanSource = "gan:", *kLesionSource = "lesion:",
                     *kPatchGenerator = "lesion:gan";
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
  return code == Exit::missing_resource || code == Exit::cannot_create || code == Exit::io;
}

/// Returns sources of an arm, with the paths of the study's generators in gan:PATH.
std::vector<ParsedSource> sources_of(const Arm& arm,
                                     const std::vector<std::string>& sources,
                                     const StudyFolder& folder,
                                     const StudyPlan& study,
                                     const Cell& cell) {
  std::vector<ParsedSource> out;
  const auto parsed = parse_sources(sources);
  const auto shares = source_shares(parsed);
  for (size_t i = 0; i < parsed.size(); ++i) {
    const bool patches = parsed[i].name == kPatchGenerator;
    if (!patches && !parsed[i].name.starts_with(kGanSource))
      out.push_back({parsed[i].name, shares[i]});
    // Each generator draws its own class, so one of them has the share; the others draw the rows
    // that are replaced.
    double share = shares[i];
    for (const auto& class_name : study.classes_of(arm, parsed[i].name)) {
      const GeneratorCell generator{
          class_name, cell.seed, cell.fold, arm.generator.empty() ? "" : arm.name};
      const Path path = folder.generator(generator);
      check(run_done(path),
            Exit::missing_input,
            cat("its generator ", generator.id(), " is missing or failed"));
      out.push_back({cat(patches ? kLesionSource : kGanSource, path.string()), share});
      share = 0;
    }
  }
  return out;
}

/// Returns the number of real rows of each class that synthetic rows replace: 0 for the rare class,
/// otherwise `replace` times the synthetic share of the rare class.
std::vector<int64_t> replaced_rows(const BalanceOptions& options,
                                   const Plan& plan,
                                   size_t rare,
                                   double replace) {
  const auto total = [&](size_t c) { return static_cast<double>(plan.before[c] + plan.added[c]); };
  const auto synthetic = static_cast<double>(synthetic_rows(options, plan, rare));
  const double share = std::min(1., replace * (synthetic / total(rare)));
  std::vector<int64_t> out(plan.before.size(), 0);
  for (size_t c = 0; c < out.size(); ++c)
    if (c != rare) out[c] = static_cast<int64_t>(share * total(c) + .5);
  return out;
}

cv::Size generator_size(const Config& config) {
  const auto size = config.generator_pack().size_px;
  return {static_cast<int>(size[1]), static_cast<int>(size[0])};
}

/// Writes a training part into the cell unless it is there, and returns its path. The report is
/// written last.
Path write_part(const Config& config,
                const Arm& arm,
                const std::vector<std::string>& sources,
                const Plan& plan,
                const std::string& store_name,
                const std::string& report_name,
                const StudyFolder& folder,
                const StudyPlan& study,
                const Cell& cell) {
  make_folder(folder.cell(cell));
  const Path written = folder.cell(cell) / store_name;
  const Path report = folder.cell(cell) / report_name;
  if (find_store(written) && std::filesystem::exists(report)) return written;
  const Store store(folder.store(cell.fold));
  const int threads = config.runtime.thread_count();
  std::vector<SourceShare> drawn;
  if (!sources.empty())
    drawn = make_sources(sources_of(arm, sources, folder, study, cell),
                         every_source_kind(config.lesion, make_compute(config.runtime)),
                         {store, threads, /*allow_resize=*/true, Generators::any_silently});
  const BalanceReport done = run_balance(
      {.in = store,
       .plan = plan,
       .sources = drawn,
       .gates = all_gates(store, config.balance, threads),
       .options = config.balance,
       .seed = static_cast<uint64_t>(config.runtime.seed + cell.seed),
       .threads = threads,
       .settings = write_config([&, settings = config](Fields& f) mutable { settings.fields(f); }),
       .resample = arm.resampled ? generator_size(config) : cv::Size(),
       .out = written});
  write_json(report, done.json);
  return written;
}

/// Writes seam.json, a list of what judge_seam() finds of each source lesion:... of the arm, unless
/// it is there.
void write_seams(const Config& config,
                 const Arm& arm,
                 const StudyFolder& folder,
                 const StudyPlan& study,
                 const Cell& cell) {
  constexpr int64_t kCrops = 200;
  const Path path = folder.cell(cell) / kSeamFile;
  if (std::filesystem::exists(path)) return;
  const Store store(folder.store(cell.fold));
  const Compute compute = make_compute(config.runtime);
  const auto pasted = pasted_rows(config, arm, study, class_counts(store));
  Json out = Json::array();
  for (const auto& [name, share] : sources_of(arm, arm.sources, folder, study, cell)) {
    if (!name.starts_with(kLesionSource)) continue;
    const auto source = make_lesion_source(name,
                                           {store,
                                            config.runtime.thread_count(),
                                            /*allow_resize=*/true,
                                            Generators::any_silently},
                                           config.lesion,
                                           compute);
    out.push_back(judge_seam(store,
                             *source,
                             static_cast<int>(pasted.class_index),
                             kCrops,
                             static_cast<uint64_t>(config.runtime.seed),
                             compute));
  }
  write_json(path, out);
}

/// Returns the store that the cell trains on. Writes it if it is missing.
Path training_store(const Config& config,
                    const Arm& arm,
                    const StudyFolder& folder,
                    const StudyPlan& study,
                    const Cell& cell) {
  const Path real = folder.store(cell.fold);
  if (!arm.balanced()) return real;
  const Store store(real);
  Plan plan = make_plan(class_counts(store), study.class_names, config.balance.strategy);
  if (arm.sources.empty() || arm.pastes()) {
    std::fill(plan.added.begin(), plan.added.end(), 0);
    plan.cloning = {};
  }
  if (arm.pastes()) {
    const auto [c, rows] = pasted_rows(config, arm, study, plan.before);
    plan.added[c] = rows;
  }
  if (arm.replace > 0)
    plan.replaced = replaced_rows(config.balance,
                                  plan,
                                  static_cast<size_t>(store.info().class_index(study.rare_class)),
                                  arm.replace);
  const Path written = write_part(
      config, arm, arm.sources, plan, "balanced.h5", "balance.json", folder, study, cell);
  if (arm.pastes() && cell.seed == 0 && cell.fold == 0)
    write_seams(config, arm, folder, study, cell);
  return written;
}

/// Returns a store whose training rows are synthetic, as many of each class as are real.
Path pretraining_store(const Config& config,
                       const Arm& arm,
                       const StudyFolder& folder,
                       const StudyPlan& study,
                       const Cell& cell) {
  const auto counts = class_counts(Store(folder.store(cell.fold)));
  Plan plan = make_plan(counts, study.class_names, config.balance.strategy);
  std::fill(plan.added.begin(), plan.added.end(), 0);
  plan.replaced = counts;
  return write_part(
      config, arm, arm.pretrain, plan, "pretrain.h5", "pretrain.json", folder, study, cell);
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

PastedRows pasted_rows(const Config& config,
                       const Arm& arm,
                       const StudyPlan& plan,
                       const std::vector<int64_t>& counts) {
  const auto& names = plan.class_names;
  const auto rare =
      static_cast<size_t>(std::find(names.begin(), names.end(), plan.rare_class) - names.begin());
  PastedRows out{rare,
                 static_cast<int64_t>(config.for_arm(arm).balance.max_synthetic *
                                      static_cast<double>(counts[rare]))};
  if (arm.shows_lesions()) return out;
  // Patches without a lesion go to the most common of the other classes.
  for (size_t c = 0; c < counts.size(); ++c)
    if (c != rare && (out.class_index == rare || counts[c] > counts[out.class_index]))
      out.class_index = c;
  return out;
}

int64_t synthetic_rows(const BalanceOptions& options, const Plan& plan, size_t class_index) {
  const double most = options.max_synthetic * static_cast<double>(plan.before[class_index]);
  return std::min(plan.added[class_index], static_cast<int64_t>(most));
}

Path StudyFolder::store(int fold) const { return root / "data" / cat("set-f", fold, ".h5"); }
Path StudyFolder::generator_store(int fold) const {
  const Path own = root / "data" / cat("generator-f", fold, ".h5");
  return find_store(own) ? own : store(fold);
}

std::vector<std::string> StudyPlan::classes_of(const Arm& arm, const std::string& source) const {
  if (source == kPatchGenerator) return {rare_class};
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
    if (error.code() == Exit::stopped) throw;
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
