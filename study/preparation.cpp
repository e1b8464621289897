// SPDX-License-Identifier: Apache-2.0
#include "study/preparation.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "dataset/label_map.hpp"
#include "dataset/pack.hpp"
#include "dataset/reader.hpp"
#include "dataset/split.hpp"
#include "metrics/logistic.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr uint64_t kBaselineDraws = 1000;

std::vector<uint8_t> labels_of(const StorePart& part, int class_index) {
  std::vector<uint8_t> labels;
  for (const auto& row : part.labels) labels.push_back(row[static_cast<size_t>(class_index)] == 1);
  return labels;
}

/// Returns how well the metadata columns alone predict the rare class: the AUROC on test, with its
/// interval, of a logistic regression fitted on train; null without columns or rows.
Json metadata_baseline(const Store& store, int rare) {
  const StorePart &train = store.part("train"), &test = store.part("test");
  if (store.info().meta_columns.empty() || train.size() == 0 || test.size() == 0) return nullptr;
  const TableEncoder encoder(train.meta);
  const Logistic model = fit_logistic(encoder.encode(train.meta), labels_of(train, rare));
  std::vector<double> scores;
  for (const auto& row : encoder.encode(test.meta)) scores.push_back(model.predict(row));
  const auto labels = labels_of(test, rare);
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

Json part_counts(const PackResult& packed) {
  Json out;
  for (const char* part : kParts) {
    const auto found = packed.counts.find(part);
    out[part] = found == packed.counts.end() ? Json::object() : Json(found->second);
  }
  return out;
}

/// Returns the class with the fewest training images, among those that have any. Throws 65 if none
/// has.
std::string rarest(const PackResult& packed, const std::vector<std::string>& class_names) {
  std::string best;
  int64_t fewest = INT64_MAX;
  const auto& counts = packed.counts.at("train");
  for (const auto& name : class_names) {
    const auto found = counts.find(name);
    if (found != counts.end() && found->second > 0 && found->second < fewest) {
      best = name;
      fewest = found->second;
    }
  }
  check(!best.empty(), Exit::bad_data, "no class has training images");
  return best;
}

}  // namespace

Json prepare_data(const Config& config, const StudyFolder& folder) {
  const Path data = folder.root / "data", facts_path = data / "facts.json";
  if (std::filesystem::exists(facts_path)) return read_json(facts_path);
  check(!config.data.path.empty(),
        Exit::usage,
        "no data: give --data PATH, or set data.path in the configuration");
  const Manifest manifest = read_dataset(config.data.path, config.data.read);
  check(!manifest.multi_label, Exit::bad_data, "a study needs classes that exclude each other");
  if (!config.study.rare_class.empty()) manifest.class_index(config.study.rare_class);
  const int threads = config.runtime.thread_count();
  const auto images = scan_images(manifest, threads);
  throw_if_stopped();
  SplitOptions split{config.data.ratios,
                     config.study.folds,
                     config.data.hold_out,
                     config.data.group,
                     config.runtime.seed};
  const auto rows = make_split(manifest, images, split);
  const auto findings = audit(manifest, images, &rows);
  const Json audit_report = audit_json(manifest, findings);

  Json facts{{"schema", "evenray-study-data-1"},
             {"source", manifest.source},
             {"format", manifest.format},
             {"licence", manifest.licence},
             {"images", manifest.samples.size()},
             {"grouping", describe_groups(manifest, config.data.group)},
             {"class_names", manifest.class_names},
             {"size_px", config.data.pack.size_px},
             {"findings", audit_report.at("counts")}};
  Json shortcuts = Json::array();
  for (const auto& finding : findings) {
    if (finding.kind.ends_with("_shortcut")) shortcuts.push_back(finding.detail);
  }
  facts["shortcuts"] = shortcuts;
  facts["folds"] = Json::array();
  const int folds = static_cast<int>(std::max<int64_t>(1, config.study.folds));
  for (int fold = 0; fold < folds; ++fold) {
    throw_if_stopped();
    const std::optional<int> which =
        config.study.folds > 0 ? std::optional<int>(fold) : std::nullopt;
    const PackResult packed =
        pack(manifest,
             rows,
             which,
             config.data.pack,
             folder.store(fold),
             threads,
             label_map_settings(config.data.read.labels) + split_settings({split, "", ""}));
    if (fold == 0) {
      const std::string rare = config.study.rare_class.empty()
                                   ? rarest(packed, manifest.class_names)
                                   : config.study.rare_class;
      facts["rare_class"] = rare;
      facts["median_box_side_px"] = packed.median_box_side_px;
      Json left_out = Json::object();
      for (const auto& [kind, ids] : packed.left_out) left_out[kind] = ids.size();
      facts["left_out"] = left_out;
    }
    const Store store(folder.store(fold));
    const auto& test = store.part("test");
    check(test.size() > 0 && store.part("val").size() > 0,
          Exit::bad_data,
          "the split leaves val or test without images; change data.ratios or study.folds");
    facts["folds"].push_back(
        {{"counts", part_counts(packed)},
         {"store", packed.content_digest},
         {"metadata_baseline",
          metadata_baseline(store,
                            store.info().class_index(facts["rare_class"].get<std::string>()))}});
  }
  // Written only after all folds are packed: if packing fails, the user may need other settings,
  // and a study that has results accepts no changed settings.
  write_json(data / "audit.json", audit_report);
  const SplitRecord record{split, "", ""};
  write_split(data / "split.csv", rows, &record);
  write_json(facts_path, facts);
  return facts;
}

}  // namespace evenray
