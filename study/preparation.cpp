// SPDX-License-Identifier: Apache-2.0
#include "study/preparation.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "dataset/image/image.hpp"
#include "dataset/label_map.hpp"
#include "dataset/pack_plan.hpp"
#include "dataset/patches.hpp"
#include "dataset/reader.hpp"
#include "dataset/where.hpp"
#include "metrics/logistic.hpp"
#include "metrics/stats.hpp"
#include "metrics/support.hpp"
#include "study/plan.hpp"
#include "study/preflight.hpp"

namespace evenray {
namespace {

constexpr uint64_t kBaselineDraws = 1000;
/// A collection with fewer images is read within seconds.
constexpr size_t kManyImages = 1000;

/// The rows of a part whose label of a class is known.
struct KnownRows {
  std::vector<uint8_t> labels;
  std::vector<std::string> groups;
  std::vector<std::vector<std::string>> meta;
};

KnownRows known_rows(const StorePart& part, int class_index) {
  KnownRows out;
  for (size_t i = 0; i < part.labels.size(); ++i) {
    const int8_t label = part.labels[i][static_cast<size_t>(class_index)];
    if (label < 0) continue;
    out.labels.push_back(label == 1);
    out.groups.push_back(part.groups[i]);
    out.meta.push_back(part.meta[i]);
  }
  return out;
}

/// Returns how well the metadata columns alone predict the rare class: the AUROC on test, with its
/// interval, of a logistic regression fitted on train; null without columns or rows.
Json metadata_baseline(const Store& store, int rare) {
  const KnownRows train = known_rows(store.part("train"), rare);
  const KnownRows test = known_rows(store.part("test"), rare);
  if (store.info().meta_columns.empty() || train.labels.empty() || test.labels.empty())
    return nullptr;
  const TableEncoder encoder(train.meta);
  const Logistic model = fit_logistic(encoder.encode(train.meta), train.labels);
  std::vector<double> scores;
  for (const auto& row : encoder.encode(test.meta)) scores.push_back(model.predict(row));
  const auto& labels = test.labels;
  const RankedScores ranked(scores, labels);
  const GroupBootstrap bootstrap(test.groups);
  std::vector<double> draws;
  for (uint64_t k = 0; k < kBaselineDraws; ++k)
    draws.push_back(ranked.auroc(bootstrap.row_weights(Rng(1).fork("metadata"), k)));
  const Interval interval = support_of(labels, test.groups).interval(draws);
  return {{"columns", store.info().meta_columns},
          {"auroc", ranked.auroc()},
          {"ci", {interval.low, interval.high}}};
}

/// Returns the class with the fewest training images, among those that have any. Throws 65 if none
/// has. `counts`: by class.
std::string rarest(const Json& counts, const std::vector<std::string>& class_names) {
  std::string best;
  int64_t fewest = INT64_MAX;
  for (const auto& name : class_names) {
    const int64_t count = counts.at(name);
    if (count > 0 && count < fewest) {
      best = name;
      fewest = count;
    }
  }
  check(!best.empty(), Exit::bad_data, "no class has training images");
  return best;
}

/// The rows of one fold, counted.
struct FoldRows {
  Json images, counts, boxes, generator_images;
  PatchPlan plan;
};

FoldRows count_fold(const Config& config, const StudyData& data, std::optional<int> fold) {
  FoldRows out;
  std::map<std::string, std::vector<std::string>> left_out;
  const PackOptions& pack = config.data.pack;
  const int threads = config.runtime.thread_count();
  out.plan = plan_patches(data.manifest,
                          plan_rows(data.manifest, data.rows, fold, pack, threads, left_out),
                          pack,
                          threads);
  const Manifest& manifest = out.plan.manifest;
  for (const char* part : kParts) {
    out.images[part] = 0;
    for (const auto& name : manifest.class_names) {
      out.counts[part][name] = 0;
      out.boxes[part][name] = 0;
    }
  }
  for (const auto& name : manifest.class_names) out.generator_images[name] = 0;
  const Where condition = Where::parse(config.gan.where).on(manifest.meta_columns, manifest.source);
  for (const auto& row : out.plan.rows) {
    const Sample& sample = manifest.samples[row.sample];
    const bool generates = row.part == "train" && condition.holds(sample.meta);
    out.images[row.part] = out.images[row.part].get<int64_t>() + 1;
    for (const auto& box : sample.boxes) {
      Json& boxes = out.boxes[row.part][manifest.class_names[static_cast<size_t>(box.label)]];
      boxes = boxes.get<int64_t>() + 1;
    }
    for (size_t c = 0; c < manifest.class_names.size(); ++c) {
      if (sample.labels[c] != 1) continue;
      const std::string& name = manifest.class_names[c];
      out.counts[row.part][name] = out.counts[row.part][name].get<int64_t>() + 1;
      if (generates) out.generator_images[name] = out.generator_images[name].get<int64_t>() + 1;
    }
  }
  check(std::any_of(out.plan.rows.begin(),
                    out.plan.rows.end(),
                    [](const auto& r) { return r.part == "test"; }) &&
            std::any_of(out.plan.rows.begin(),
                        out.plan.rows.end(),
                        [](const auto& r) { return r.part == "val"; }),
        Exit::bad_data,
        "the split leaves val or test without images; change data.ratios or study.folds");
  return out;
}

/// Returns the number of test groups with an image of the rare class, and with another image.
Json test_groups(const Manifest& manifest, const std::vector<Planned>& rows, int rare) {
  std::vector<uint8_t> labels;
  std::vector<std::string> groups;
  for (const auto& row : rows) {
    const int8_t label = manifest.samples[row.sample].labels[static_cast<size_t>(rare)];
    if (row.part != "test" || label < 0) continue;
    labels.push_back(label == 1);
    groups.push_back(row.group);
  }
  const Support support = support_of(labels, groups);
  return {{"rare", support.positive}, {"other", support.negative}};
}

/// Returns the median of the square root of the box areas at the size of the store, without
/// clipping; 0 without boxes.
double median_box_side(const StudyData& data,
                       const std::vector<ImageFacts>& images,
                       const std::vector<Planned>& rows,
                       const PackOptions& pack) {
  std::vector<double> sides;
  for (const auto& row : rows) {
    const ImageFacts& image = images[row.sample];
    const double scale = fit_scale(image.height,
                                   image.width,
                                   static_cast<int>(pack.size_px[0]),
                                   static_cast<int>(pack.size_px[1]),
                                   parse_fit(pack.fit));
    for (const auto& box : data.manifest.samples[row.sample].boxes)
      sides.push_back(scale * std::sqrt((box.x1 - box.x0) * (box.y1 - box.y0)));
  }
  return sides.empty() ? 0 : quantile(sides, .5);
}

/// Returns the folds of a study, as pack() takes them: nullopt for one split.
std::vector<std::optional<int>> folds_of(const Config& config) {
  if (config.study.folds == 0) return {std::nullopt};
  std::vector<std::optional<int>> folds;
  for (int fold = 0; fold < config.study.folds; ++fold) folds.emplace_back(fold);
  return folds;
}

/// Throws 78 for an arm that needs classes which exclude each other, or images with several labels,
/// and has not got them.
void check_labels(const Config& config, bool multi_label) {
  for (const auto& arm : config.study.compared()) {
    check(!multi_label || (arm.replace == 0 && arm.pretrain.empty()),
          Exit::config,
          cat("arm ",
              arm.name,
              ": synthetic rows cannot stand in for real ones where images have several labels, "
              "because only one label of a synthetic row is known; leave the arm out"));
    const std::string strategy = config.for_arm(arm).balance.strategy;
    if (arm.sources.empty() || !parse_cloning(strategy)) continue;
    check(multi_label && !arm.synthetic(),
          Exit::config,
          cat("arm ",
              arm.name,
              ": balance.strategy ",
              strategy,
              " clones images with several labels: it needs such images, and the sources copy or "
              "augment:POLICY"));
  }
}

void warn_before_reading(const Config& config, const Manifest& manifest) {
  const Json facts = expected_facts(config, manifest);
  const StudyPlan plan = plan_of_facts(config, facts);
  check_rare_images(config, plan, facts);
  const Json preflight = preflight_json(config, plan, facts);
  for (const auto& warning : preflight.at("warnings"))
    log_warning(cat("expected from the labels alone: ",
                    warning.at("text").get<std::string>(),
                    "; change: ",
                    warning.at("change").get<std::string>()));
}

}  // namespace

Json expected_facts(const Config& config, const Manifest& manifest) {
  const auto& names = manifest.class_names;
  // Images of each class, and of all, by part.
  std::map<std::string, std::vector<int64_t>> fixed;
  std::vector<int64_t> to_divide(names.size() + 1);
  for (const auto& sample : manifest.samples) {
    std::vector<int64_t>& images = fixed[sample.part];
    images.resize(names.size() + 1);
    const bool divided = config.study.folds > 0 ? sample.part != "test"
                                                : sample.part.empty() || sample.part == "train";
    for (size_t c = 0; c <= names.size(); ++c) {
      if (c < names.size() && sample.labels[c] != 1) continue;
      ++images[c];
      to_divide[c] += divided;
    }
  }
  Json counts;
  int64_t tested = 0;
  for (size_t p = 0; p < kParts.size(); ++p) {
    const auto found = fixed.find(kParts[p]);
    const bool keeps = config.study.folds == 0 && found != fixed.end();
    const double share = config.study.folds > 0 ? 1 : config.data.ratios[p];
    for (size_t c = 0; c <= names.size(); ++c) {
      const auto count =
          keeps ? found->second[c]
                : static_cast<int64_t>(std::ceil(share * static_cast<double>(to_divide[c])));
      if (c < names.size()) {
        counts[kParts[p]][names[c]] = count;
      } else if (kParts[p] == std::string_view("test")) {
        tested = count;
      }
    }
  }
  const std::string rare =
      config.study.rare_class.empty() ? rarest(counts.at("train"), names) : config.study.rare_class;
  const int64_t other = tested - counts.at("test").at(rare).get<int64_t>();
  return {{"class_names", names},
          {"rare_class", rare},
          {"multi_label", manifest.multi_label},
          {"folds",
           {{{"counts", counts},
             {"test_groups", {{"rare", counts.at("test").at(rare)}, {"other", other}}}}}}};
}

StudyData divide_data(const Config& config) {
  check(!config.data.path.empty(),
        Exit::usage,
        "no data: give --data PATH, or set data.path in the configuration");
  StudyData out;
  out.manifest = read_dataset(config.data.path, config.data.read);
  const Manifest& manifest = out.manifest;
  check(!manifest.class_names.empty(),
        Exit::bad_data,
        cat(manifest.source, ": no image has a class; a study needs two classes or more"));
  check_labels(config, manifest.multi_label);
  // Unknown columns are named now, not after the trainings.
  for (const auto& condition : config.study.subgroups)
    Where::parse(condition).on(manifest.meta_columns, manifest.source);
  Where::parse(config.study.without).on(manifest.meta_columns, manifest.source);
  if (!config.study.rare_class.empty()) manifest.class_index(config.study.rare_class);
  if (manifest.samples.size() >= kManyImages) warn_before_reading(config, manifest);
  const int threads = config.runtime.thread_count();
  const auto images = scan_images(manifest, threads);
  const auto pictures = group_pictures(manifest, images, threads);
  throw_if_stopped();
  out.options = {config.data.ratios,
                 config.study.folds,
                 config.data.hold_out,
                 config.data.group,
                 config.runtime.seed};
  out.rows = make_split(manifest, images, pictures, out.options);
  const auto findings = audit(manifest, images, pictures, &out.rows);
  out.audit = audit_json(manifest, findings);

  out.facts = {{"schema", "evenray-study-data-1"},
               {"source", manifest.source},
               {"format", manifest.format},
               {"licence", manifest.licence},
               {"images", manifest.samples.size()},
               {"grouping", describe_groups(manifest, config.data.group)},
               {"class_names", manifest.class_names},
               {"multi_label", manifest.multi_label},
               {"size_px", config.data.pack.size_px},
               {"findings", out.audit.at("counts")}};
  Json shortcuts = Json::array();
  for (const auto& finding : findings) {
    if (finding.kind.ends_with("_shortcut")) shortcuts.push_back(finding.detail);
  }
  out.facts["shortcuts"] = shortcuts;
  Json folds = Json::array();
  for (const auto& fold : folds_of(config)) {
    throw_if_stopped();
    const FoldRows counted = count_fold(config, out, fold);
    if (folds.empty()) {
      out.facts["rare_class"] = config.study.rare_class.empty()
                                    ? rarest(counted.counts.at("train"), manifest.class_names)
                                    : config.study.rare_class;
      // That of patches is known when they are packed.
      out.facts["median_box_side_px"] =
          config.data.pack.patches == "none"
              ? median_box_side(out, images, counted.plan.rows, config.data.pack)
              : 0;
    }
    const int rare = manifest.class_index(out.facts["rare_class"].get<std::string>());
    folds.push_back({{"images", counted.images},
                     {"counts", counted.counts},
                     {"boxes", counted.boxes},
                     {"test_groups", test_groups(counted.plan.manifest, counted.plan.rows, rare)},
                     {"generator_images", counted.generator_images}});
  }
  out.facts["folds"] = folds;
  return out;
}

Json pack_data(const Config& config, const StudyFolder& folder, const StudyData& data) {
  const Path path = folder.root / "data";
  Json facts = data.facts;
  size_t number = 0;
  for (const auto& fold : folds_of(config)) {
    throw_if_stopped();
    const Path store_path = folder.store(fold.value_or(0));
    const auto pack_with = [&](const PackOptions& options, const Path& to) {
      return pack(
          data.manifest,
          data.rows,
          fold,
          options,
          to,
          config.runtime.thread_count(),
          label_map_settings(config.data.read.labels) + split_settings({data.options, "", ""}));
    };
    if (!config.study.generator_size.empty() || config.study.draws_patches())
      pack_with(config.generator_pack(), path / cat("generator-f", fold.value_or(0), ".h5"));
    const PackResult packed = pack_with(config.data.pack, store_path);
    if (number == 0) {
      facts["median_box_side_px"] = packed.median_box_side_px;
      Json left_out = Json::object();
      for (const auto& [kind, ids] : packed.left_out) left_out[kind] = ids.size();
      facts["left_out"] = left_out;
    }
    const Store store(store_path);
    const int rare = store.info().class_index(facts["rare_class"].get<std::string>());
    Json& entry = facts["folds"][number++];
    entry["store"] = packed.content_digest;
    entry["metadata_baseline"] = metadata_baseline(store, rare);
  }
  // Written only after all folds are packed: if packing fails, the user may need other settings,
  // and a study that has results accepts no changed settings.
  write_json(path / "audit.json", data.audit);
  const SplitRecord record{data.options, "", ""};
  write_split(path / "split.csv", data.rows, &record);
  write_json(path / "facts.json", facts);
  return facts;
}

}  // namespace evenray
