// SPDX-License-Identifier: Apache-2.0
#include "study/report_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/number.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "metrics/stats.hpp"
#include "study/cells.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

constexpr std::array kOrigins{"real", "copy", "augmented", "synthetic", "total"};

/// Returns the generators, grouped by class in order of first appearance.
std::vector<GeneratorResult> by_class(std::vector<GeneratorResult> generators) {
  std::vector<std::string> seen;
  for (const auto& generator : generators) seen.push_back(generator.class_name);
  const auto rank = [&](const GeneratorResult& generator) {
    return std::find(seen.begin(), seen.end(), generator.class_name);
  };
  std::stable_sort(
      generators.begin(),
      generators.end(),
      [&](const GeneratorResult& a, const GeneratorResult& b) { return rank(a) < rank(b); });
  return generators;
}

Counts counts_of_part(const std::vector<std::pair<std::string, Counts>>& parts,
                      const std::string& part) {
  for (const auto& [name, counts] : parts)
    if (name == part) return counts;
  return {};
}

/// Returns the title of a value, with what it depends on in these test images.
std::string title_on(const Comparison& comparison, const std::string& key) {
  const double images = comparison.test_known, positives = comparison.test_positives;
  const std::string title = metric_title(key);
  if (key == "auprc") return cat(title, " (chance ", rate_text(positives / images), ")");
  if (key == "sensitivity") return cat(title, " (n ", plain_count(positives), ")");
  if (key == "specificity") return cat(title, " (n ", plain_count(images - positives), ")");
  return title;
}

/// Names a fold, if there are several.
std::string fold_text(const std::vector<FoldFacts>& folds, size_t fold) {
  return folds.size() > 1 ? cat(", fold ", fold) : "";
}

}  // namespace

HtmlTable parts_table(const StudyResult& result) {
  HtmlTable table;
  const auto& names = result.data.class_names;
  table.caption = result.folds > 0 ? "Images per part, in the first fold" : "Images per part";
  table.head = {"Part"};
  table.head.insert(table.head.end(), names.begin(), names.end());
  if (result.detects())
    for (const auto& name : names) table.head.push_back(cat("Boxes of ", name));
  if (result.data.folds.empty()) return table;
  const FoldFacts& fold = result.data.folds[0];
  for (const auto& [part, counts] : fold.parts) {
    std::vector<std::string> row{part};
    for (const auto& name : names) row.push_back(plain_count(count_of(counts, name)));
    if (result.detects())
      for (const auto& name : names)
        row.push_back(plain_count(count_of(counts_of_part(fold.boxes, part), name)));
    table.rows.push_back(row);
  }
  return table;
}

HtmlTable training_table(const StudyResult& result) {
  HtmlTable table;
  table.caption = "Training rows of each arm, by origin (first seed and fold)";
  table.head = {"Arm", "Class", "Real", "Copies", "Augmented", "Synthetic", "All"};
  table.numeric = {false, false, true, true, true, true, true};
  const auto& folds = result.data.folds;
  const Counts real = folds.empty() ? Counts{} : counts_of_part(folds[0].parts, "train");
  for (const auto& arm : result.comparison.arms) {
    const bool balanced = result.arm_named(arm.arm).balanced();
    const BalanceResult* balance = result.balance_of(arm.arm);
    if (balanced && !balance) continue;
    for (const auto& class_name : result.data.class_names) {
      std::vector<std::string> row{arm.arm, class_name};
      if (balanced) {
        Counts origins;
        for (const auto& [name, counts] : balance->after)
          if (name == class_name) origins = counts;
        for (const char* origin : kOrigins) row.push_back(plain_count(count_of(origins, origin)));
      } else {
        const std::string count = plain_count(count_of(real, class_name));
        row.insert(row.end(), {count, "0", "0", "0", count});
      }
      table.rows.push_back(row);
    }
  }
  return table;
}

HtmlTable metrics_table(const StudyResult& result) {
  const Comparison& comparison = result.comparison;
  HtmlTable table;
  table.caption =
      cat("Means over ",
          counted(result.seeds, "seed"),
          " on the same test images, with 95 % intervals. ",
          result.detects() ? "AP50 is the average precision at an overlap of .5, AP its mean over "
                             "the overlaps .50 to .95 (COCO). FROC is the mean sensitivity at .25 "
                             "to 8 wrong boxes per image. The image AUROC takes the highest score "
                             "of an image. In a study with folds, each value is the mean over the "
                             "folds."
                           : "Sensitivity and specificity at the threshold that was "
                             "chosen on validation and frozen.");
  table.head = {"Arm"};
  for (const auto& key : comparison.metrics) table.head.push_back(title_on(comparison, key));
  for (const auto& arm : comparison.arms) {
    std::vector<std::string> row{arm.arm};
    for (const auto& value : arm.metrics) row.push_back(rate_with_interval(value));
    table.rows.push_back(std::move(row));
  }
  const auto& folds = result.data.folds;
  for (size_t fold = 0; fold < folds.size(); ++fold) {
    if (!folds[fold].baseline) continue;
    std::vector<std::string> row{cat("table's columns alone", fold_text(folds, fold))};
    for (const auto& key : comparison.metrics)
      row.push_back(is_image_auroc(key) ? rate_with_interval(folds[fold].baseline->auroc) : "-");
    table.rows.push_back(std::move(row));
  }
  if (!result.detects())
    table.rows.push_back({"always the more common class",
                          ".500",
                          rate_text(comparison.test_positives / comparison.test_known),
                          ".000",
                          "1.000",
                          ".500"});
  return table;
}

HtmlTable without_table(const StudyResult& result) {
  const PartialComparison& without = *result.without;
  const auto& keys = result.comparison.metrics;
  const size_t shown = std::min<size_t>(2, keys.size());
  HtmlTable table;
  table.caption = cat("Without the ",
                      counted(without.left_out, "test image"),
                      " with ",
                      without.condition,
                      " (trained as before), beside all test images");
  table.head = {"Arm"};
  for (size_t m = 0; m < shown; ++m) {
    table.head.push_back(cat(title_on(result.comparison, keys[m]), ", all"));
    table.head.push_back(cat(title_on(without.comparison, keys[m]), ", without"));
  }
  for (size_t i = 0; i < without.comparison.arms.size(); ++i) {
    std::vector<std::string> row{without.comparison.arms[i].arm};
    for (size_t m = 0; m < shown; ++m) {
      row.push_back(rate_with_interval(result.comparison.arms[i].metrics[m]));
      row.push_back(rate_with_interval(without.comparison.arms[i].metrics[m]));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

HtmlTable subgroups_table(const StudyResult& result) {
  const bool named = result.primary() != nullptr;
  HtmlTable table;
  table.caption = cat(result.comparison.lead(),
                      " on the test images of each subgroup (trained as before, on all)",
                      named ? cat(", and the difference ", result.contrast) : "");
  table.head = {"Subgroup", "Images", cat("Of them ", result.rare_class)};
  table.numeric = {false, true, true};
  const auto arm_names = [](const Comparison& comparison) {
    std::vector<std::string> names;
    for (const auto& arm : comparison.arms) names.push_back(arm.arm);
    return names;
  };
  const auto names = arm_names(result.comparison);
  table.head.insert(table.head.end(), names.begin(), names.end());
  if (named) table.head.emplace_back("Difference");
  table.numeric.resize(table.head.size(), true);
  for (const auto& subgroup : result.subgroups) {
    const Comparison& comparison = subgroup.comparison;
    std::vector<std::string> row{subgroup.condition,
                                 plain_count(comparison.test_images),
                                 plain_count(comparison.test_positives)};
    for (const auto& arm : comparison.arms) row.push_back(rate_with_interval(arm.metrics[0]));
    if (named && !comparison.differences.empty())
      row.push_back(difference_with_interval(comparison.differences[0].metrics[0]));
    row.resize(table.head.size(), "-");
    table.rows.push_back(std::move(row));
  }
  return table;
}

HtmlTable classes_table(const StudyResult& result, size_t metric) {
  const PairResult* contrast = result.primary();
  const auto& arms = result.comparison.arms;
  HtmlTable table;
  table.caption =
      cat(metric_title(result.comparison.class_metrics[metric]),
          " of each class on the same test images",
          contrast ? cat("; the difference is ", result.contrast, ", not adjusted") : "",
          ". Macro: mean over the classes with enough groups for an interval.");
  table.head = {"Class"};
  for (const auto& arm : arms) table.head.push_back(arm.arm);
  if (contrast) table.head.emplace_back("Difference");
  for (size_t c = 0; c < arms[0].classes.size(); ++c) {
    std::vector<std::string> row{arms[0].classes[c].name};
    for (const auto& arm : arms) row.push_back(rate_with_interval(arm.classes[c].metrics[metric]));
    if (contrast) row.push_back(difference_with_interval(contrast->classes[c].metrics[metric]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

HtmlTable localisation_table(const StudyResult& result) {
  HtmlTable table;
  table.caption =
      cat("Where the evidence for ",
          result.rare_class,
          " lies (Grad-CAM against the boxes of the test images, means over cells). "
          "Pointing game: share of images whose strongest evidence is in a box or at most "
          "a fifteenth of the image beside it; by chance: the share of the image that "
          "is so near. A map without content would have the energy of the area.");
  table.head = {"Arm", "Images", "Pointing game", "By chance", "Energy in boxes", "Area of boxes"};
  table.numeric = {false, true, true, true, true, true};
  for (const auto& one : result.localisations)
    table.rows.push_back({one.arm,
                          plain_count(one.images),
                          rate_text(one.pointing),
                          rate_text(one.chance),
                          rate_text(one.energy),
                          rate_text(one.box_area)});
  return table;
}

HtmlTable seams_table(const StudyResult& result) {
  HtmlTable table;
  table.caption =
      "Whether pastes show: AUROC of a small network that tells crops around pasted places from "
      "the same places before the paste, and from real lesions in their own "
      "images, on groups that it was not trained on (first fold). If all of these are above .6, "
      "the seam is visible, and the arm cannot be chosen as the best.";
  table.head = {"Arm", "Source", "Against untouched places", "Against real lesions", "Seam"};
  table.numeric = {false, false, true, true, false};
  for (const auto& one : result.seams)
    table.rows.push_back({one.arm,
                          one.source,
                          rate_with_interval(one.negatives),
                          rate_with_interval(one.lesions),
                          !one.visible   ? "too few images"
                          : *one.visible ? "visible"
                                         : "not seen"});
  return table;
}

HtmlTable differences_table(const StudyResult& result) {
  const bool named = result.primary() != nullptr;
  HtmlTable table;
  table.caption =
      cat("Paired differences, first arm minus second, with 95 % intervals. ",
          named ? "The first row was named beforehand, its p is not adjusted; the others "
                  "are exploratory, their p values are"
                : "All are exploratory, the p values are",
          " adjusted by Holm's method within the column.");
  const auto& keys = result.comparison.metrics;
  table.head = {"Comparison"};
  for (const auto& key : keys)
    if (is_contrasted(key)) table.head.insert(table.head.end(), {metric_title(key), "p"});
  for (const auto& pair : result.comparison.differences) {
    std::vector<std::string> row{cat(pair.first, " vs ", pair.second)};
    for (size_t m = 0; m < keys.size(); ++m) {
      if (!is_contrasted(keys[m])) continue;
      const Difference& one = pair.metrics[m];
      row.push_back(difference_with_interval(one));
      row.push_back(p_text(pair.primary ? one.p : one.p_holm));
    }
    table.rows.push_back(row);
  }
  return table;
}

HtmlTable baselines_table(const StudyResult& result) {
  HtmlTable table;
  table.head = {"What is predicted, from what", "AUROC (95 % interval)"};
  const std::string& rare = result.rare_class;
  table.rows.push_back({cat(rare, ", chance"), ".500"});
  const auto& folds = result.data.folds;
  for (size_t fold = 0; fold < folds.size(); ++fold)
    if (folds[fold].baseline)
      table.rows.push_back({cat(rare, ", from the table's columns", fold_text(folds, fold)),
                            rate_with_interval(folds[fold].baseline->auroc)});
  const auto& keys = result.comparison.metrics;
  const auto image = std::find_if(keys.begin(), keys.end(), is_image_auroc) - keys.begin();
  for (const auto& arm : result.comparison.arms)
    table.rows.push_back({cat(rare, ", from the image: ", arm.arm),
                          rate_with_interval(arm.metrics.at(static_cast<size_t>(image)))});
  std::vector<std::pair<std::string, std::vector<double>>> origins;
  for (const auto& generator : by_class(result.generators)) {
    if (!std::isfinite(generator.origin.value)) continue;
    if (origins.empty() || origins.back().first != generator.class_name)
      origins.push_back({generator.class_name, {}});
    origins.back().second.push_back(generator.origin.value);
  }
  for (const auto& [name, found] : origins) {
    table.rows.push_back({cat("synthetic or real ",
                              name,
                              ", from the image: mean of ",
                              counted(std::ssize(found), "generator")),
                          rate_text(mean(found))});
  }
  return table;
}

HtmlTable generators_table(const StudyResult& result) {
  HtmlTable table;
  table.head = {"Generator",
                "Verdict",
                "Best at (kimg)",
                "Images evaluated",
                "SWD",
                "SWD floor",
                "MS-SSIM synthetic",
                "MS-SSIM real",
                "Nearest ratio",
                "Authentic",
                "Near copies",
                "Origin AUROC"};
  for (const auto& generator : by_class(result.generators)) {
    table.rows.push_back(
        {cell_of(generator).id(),
         generator.verdict.empty() ? "-" : generator.verdict,
         cat(plain_number(generator.best_kimg), " of ", plain_number(generator.kimg)),
         plain_count(generator.images),
         plain_number(generator.swd),
         plain_number(generator.swd_floor),
         plain_number(generator.msssim),
         plain_number(generator.msssim_real),
         plain_number(generator.nearest_ratio),
         plain_number(generator.authentic),
         plain_count(generator.near_copies),
         rate_with_interval(generator.origin)});
  }
  return table;
}

HtmlTable findings_table(const StudyResult& result) {
  HtmlTable table;
  table.head = {"Kind", "Findings", "Left out", "What it means"};
  table.numeric = {false, true, true, false};
  const Counts &findings = result.data.findings, &left_out = result.data.left_out;
  for (const auto& [kind, count] : findings)
    table.rows.push_back({kind,
                          plain_count(count),
                          plain_count(count_of(left_out, kind)),
                          describe_finding_kind(kind)});
  const auto found = [&](const std::string& kind) {
    return std::any_of(
        findings.begin(), findings.end(), [&](const auto& one) { return one.first == kind; });
  };
  for (const auto& [kind, count] : left_out)
    if (!found(kind))
      table.rows.push_back({kind, "-", plain_count(count), describe_finding_kind(kind)});
  return table;
}

}  // namespace evenray
