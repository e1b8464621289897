// SPDX-License-Identifier: Apache-2.0
#include "study/training_part.hpp"

#include <algorithm>

#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "lesion/lesion.hpp"
#include "lesion/seam.hpp"
#include "nn/compute.hpp"

namespace evenray {
namespace {

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
    const bool patches = parsed[i].name == kPatchSource;
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
  for (const auto& [source, share] : drawn)
    for (size_t c = 0; arm.pastes() && c < plan.added.size(); ++c)
      check(plan.added[c] == 0 || source->origin() != Origin::synthetic ||
                source->serves(static_cast<int>(c)),
            Exit::bad_data,
            cat(source->name(),
                " cannot draw class ",
                study.class_names[c],
                source->name().ends_with(":healthy")
                    ? ", because no training image without boxes has it"
                    : ", because no training image has a box of it"));
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

}  // namespace

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

}  // namespace evenray
