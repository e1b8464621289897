// SPDX-License-Identifier: Apache-2.0
#include "study/report_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "metrics/stats.hpp"
#include "study/cells.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

constexpr std::array kOrigins{"real", "copy", "augmented", "synthetic", "total"};

std::vector<std::string> class_names(const Json& summary) {
  std::vector<std::string> names;
  for (const auto& name : part_at(summary, "/data/class_names")) names.push_back(name);
  return names;
}

double count_of(const Json& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() || !found->is_number() ? 0 : found->get<double>();
}

/// Converts {"auroc","ci"} to {"value","ci"}, for rate_with_interval().
Json as_metric(const Json& found) {
  return {{"value", number_at(found, "/auroc")}, {"ci", part_at(found, "/ci")}};
}

/// Returns the generators, grouped by class in order of first appearance.
std::vector<Json> by_class(const Json& generators) {
  std::vector<Json> out(generators.begin(), generators.end());
  std::vector<std::string> seen;
  for (const auto& generator : out) seen.push_back(text_at(generator, "/class"));
  const auto rank = [&](const Json& generator) {
    return std::find(seen.begin(), seen.end(), text_at(generator, "/class"));
  };
  std::stable_sort(
      out.begin(), out.end(), [&](const Json& a, const Json& b) { return rank(a) < rank(b); });
  return out;
}

}  // namespace

HtmlTable parts_table(const Json& summary) {
  HtmlTable table;
  const auto names = class_names(summary);
  table.caption =
      number_at(summary, "/folds") > 0 ? "Images per part, in the first fold" : "Images per part";
  table.head = {"Part"};
  table.head.insert(table.head.end(), names.begin(), names.end());
  for (const auto& [part, counts] : part_at(summary, "/data/folds/0/counts").items()) {
    std::vector<std::string> row{part};
    for (const auto& name : names) row.push_back(plain_count(count_of(counts, name)));
    table.rows.push_back(row);
  }
  return table;
}

HtmlTable training_table(const Json& summary) {
  HtmlTable table;
  table.caption = "Training rows of each arm, by origin (first seed and fold)";
  table.head = {"Arm", "Class", "Real", "Copies", "Augmented", "Synthetic", "All"};
  table.numeric = {false, false, true, true, true, true, true};
  const Json& real = part_at(summary, "/data/folds/0/counts/train");
  const Json& balance = part_at(summary, "/balance");
  for (const auto& arm : part_at(summary, "/comparison/arms")) {
    const std::string name = text_at(arm, "/arm");
    const bool balanced = arm_in(summary, name).balanced();
    if (balanced && !balance.contains(name)) continue;
    for (const auto& class_name : class_names(summary)) {
      std::vector<std::string> row{name, class_name};
      if (balanced) {
        const Json counts =
            balance.at(name).value("after", Json::object()).value(class_name, Json::object());
        for (const char* origin : kOrigins) row.push_back(plain_count(count_of(counts, origin)));
      } else {
        const std::string count = plain_count(count_of(real, class_name));
        row.insert(row.end(), {count, "0", "0", "0", count});
      }
      table.rows.push_back(row);
    }
  }
  return table;
}

HtmlTable metrics_table(const Json& summary) {
  const double images = number_at(summary, "/comparison/test/images");
  const double positives = number_at(summary, "/comparison/test/positives");
  HtmlTable table;
  table.caption = cat("Means over ",
                      counted(count_at(summary, "/seeds"), "seed"),
                      " on the same test images, with 95 % intervals. Sensitivity and specificity "
                      "at the threshold that was "
                      "chosen on validation and frozen.");
  table.head = {"Arm",
                "AUROC",
                cat("AUPRC (chance ", rate_text(positives / images), ")"),
                cat("Sensitivity (n ", plain_count(positives), ")"),
                cat("Specificity (n ", plain_count(images - positives), ")"),
                "Balanced accuracy"};
  for (const auto& arm : part_at(summary, "/comparison/arms")) {
    std::vector<std::string> row{text_at(arm, "/arm")};
    for (const char* metric :
         {"auroc", "auprc", "sensitivity", "specificity", "balanced_accuracy"}) {
      row.push_back(rate_with_interval(part_at(arm, cat("/metrics/", metric))));
    }
    table.rows.push_back(row);
  }
  for (const auto& fold : part_at(summary, "/data/folds")) {
    const Json& baseline = part_at(fold, "/metadata_baseline");
    if (baseline.empty()) continue;
    table.rows.push_back(
        {"table's columns alone", rate_with_interval(as_metric(baseline)), "-", "-", "-", "-"});
  }
  table.rows.push_back({"always the more common class",
                        ".500",
                        rate_text(positives / images),
                        ".000",
                        "1.000",
                        ".500"});
  return table;
}

HtmlTable differences_table(const Json& summary) {
  const Json& differences = part_at(summary, "/comparison/differences");
  const bool named = part_at(summary, "/comparison/differences/0").value("primary", false);
  HtmlTable table;
  table.caption =
      cat("Paired differences, first arm minus second, with 95 % intervals. ",
          named ? "The first row was named beforehand, its p is not adjusted; the others "
                  "are exploratory, their p values are"
                : "All are exploratory, the p values are",
          " adjusted by Holm's method within the column.");
  table.head = {"Comparison", "AUROC", "p", "AUPRC", "p", "Balanced accuracy", "p"};
  for (const auto& difference : differences) {
    const char* p = difference.value("primary", false) ? "/p" : "/p_holm";
    std::vector<std::string> row{
        cat(text_at(difference, "/first"), " vs ", text_at(difference, "/second"))};
    for (const char* metric : {"auroc", "auprc", "balanced_accuracy"}) {
      const Json& values = part_at(difference, cat("/metrics/", metric));
      row.insert(row.end(), {difference_with_interval(values), p_text(number_at(values, p))});
    }
    table.rows.push_back(row);
  }
  return table;
}

HtmlTable baselines_table(const Json& summary) {
  HtmlTable table;
  table.head = {"What is predicted, from what", "AUROC (95 % interval)"};
  const std::string rare = text_at(summary, "/rare_class");
  table.rows.push_back({cat(rare, ", chance"), ".500"});
  const Json& folds = part_at(summary, "/data/folds");
  for (size_t fold = 0; fold < folds.size(); ++fold) {
    const Json& baseline = part_at(folds[fold], "/metadata_baseline");
    if (baseline.empty()) continue;
    table.rows.push_back(
        {cat(rare, ", from the table's columns", folds.size() > 1 ? cat(", fold ", fold) : ""),
         rate_with_interval(as_metric(baseline))});
  }
  for (const auto& arm : part_at(summary, "/comparison/arms")) {
    table.rows.push_back({cat(rare, ", from the image: ", text_at(arm, "/arm")),
                          rate_with_interval(part_at(arm, "/metrics/auroc"))});
  }
  std::vector<std::pair<std::string, std::vector<double>>> origins;
  for (const auto& generator : by_class(part_at(summary, "/generators"))) {
    const double found = number_at(generator, "/origin/auroc");
    if (!std::isfinite(found)) continue;
    const std::string name = text_at(generator, "/class");
    if (origins.empty() || origins.back().first != name) origins.push_back({name, {}});
    origins.back().second.push_back(found);
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

HtmlTable generators_table(const Json& summary) {
  HtmlTable table;
  table.head = {"Generator",
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
  for (const auto& generator : by_class(part_at(summary, "/generators"))) {
    const GeneratorCell cell{text_at(generator, "/class"),
                             count_at(generator, "/seed"),
                             static_cast<int>(count_at(generator, "/fold"))};
    table.rows.push_back({cell.id(),
                          cat(plain_number(number_at(generator, "/training/best_kimg")),
                              " of ",
                              plain_number(number_at(generator, "/training/kimg"))),
                          plain_count(number_at(generator, "/n_fake")),
                          plain_number(number_at(generator, "/swd/mean")),
                          plain_number(number_at(generator, "/swd/floor/mean")),
                          plain_number(number_at(generator, "/msssim/fake")),
                          plain_number(number_at(generator, "/msssim/real")),
                          plain_number(number_at(generator, "/memorisation/nearest_ratio")),
                          plain_number(number_at(generator, "/memorisation/authentic")),
                          plain_count(number_at(generator, "/memorisation/flagged")),
                          rate_with_interval(as_metric(part_at(generator, "/origin")))});
  }
  return table;
}

HtmlTable findings_table(const Json& summary) {
  HtmlTable table;
  table.head = {"Kind", "Findings", "Left out", "What it means"};
  table.numeric = {false, true, true, false};
  const Json& findings = part_at(summary, "/data/findings");
  const Json& left_out = part_at(summary, "/data/left_out");
  for (const auto& [kind, count] : findings.items()) {
    table.rows.push_back({kind,
                          plain_count(count.get<double>()),
                          plain_count(count_of(left_out, kind)),
                          finding_meaning(kind)});
  }
  for (const auto& [kind, count] : left_out.items()) {
    if (!findings.contains(kind))
      table.rows.push_back({kind, "-", plain_count(count.get<double>()), finding_meaning(kind)});
  }
  return table;
}

}  // namespace evenray
