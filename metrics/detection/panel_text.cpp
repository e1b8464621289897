// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "metrics/detection/panel.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

using TextTable = std::vector<std::vector<std::string>>;

std::string value_cell(const Json& metrics, const std::string& key) {
  const Json& values = metrics["values"];
  return values.contains(key) ? with_interval(metrics, key, values[key]) : "";
}

std::string class_table(const Json& metrics) {
  const bool coco = metrics["style"] == "coco";
  TextTable rows{{"class", "boxes", "images", "found", "AP"}};
  if (coco) rows[0].push_back("AP50");
  rows[0].insert(rows[0].end(), {"FROC", "AUROC of images"});
  for (const auto& one : metrics["classes"]) {
    const std::string name = one["name"];
    auto& row = rows.emplace_back(std::vector<std::string>{
        name, one["boxes"].dump(), one["images"].dump(), one["found"].dump()});
    row.push_back(value_cell(metrics, name + ".ap"));
    if (coco) row.push_back(value_cell(metrics, name + ".ap50"));
    row.push_back(value_cell(metrics, name + ".froc"));
    row.push_back(value_cell(metrics, name + ".image_auroc"));
  }
  return aligned_table(rows);
}

/// The means over classes: the keys before the first that is about one of them.
std::string means_table(const Json& metrics) {
  TextTable rows{{"all classes", ""}};
  for (const char* key : {"ap",
                          "ap50",
                          "ap75",
                          "ap40",
                          "ap_small",
                          "ap_medium",
                          "ap_large",
                          "ar_1",
                          "ar_10",
                          "ar_100",
                          "ar_small",
                          "ar_medium",
                          "ar_large",
                          "froc",
                          "sensitivity_0.25",
                          "sensitivity_0.5",
                          "sensitivity_1",
                          "sensitivity_2",
                          "sensitivity_4",
                          "sensitivity_8"})
    if (metrics["values"].contains(key)) rows.push_back({key, value_cell(metrics, key)});
  return aligned_table(rows);
}

std::string by_tables(const Json& metrics) {
  std::string text;
  const std::string average = metrics["style"] == "coco" ? "ap50" : "ap";
  for (const auto& table : metrics["by"]) {
    const std::string column = table["column"];
    const bool sizes = &table == &metrics["by"][0];
    TextTable rows{{column, "images", "boxes"}};
    if (!sizes) rows[0].push_back(average == "ap" ? "AP" : "AP50");
    rows[0].push_back("recall at 1 wrong box per image");
    for (const auto& one : table["values"]) {
      const std::string value = one["value"], key = cat(column, "=", value);
      auto& row = rows.emplace_back(std::vector<std::string>{
          value.empty() ? "(empty)" : value, one["images"].dump(), one["boxes"].dump()});
      if (!sizes) row.push_back(value_cell(metrics, cat(key, ".", average)));
      row.push_back(value_cell(metrics, key + ".recall"));
    }
    text += "\n" + aligned_table(rows);
  }
  return text;
}

}  // namespace

std::string detection_text(const Json& metrics) {
  const bool coco = metrics["style"] == "coco";
  return cat(metrics["images"].get<int64_t>(),
             " images",
             metrics["iou_type"] == "segm" ? ", masks" : "",
             coco ? std::string()
                  : cat(", ",
                        metrics["style"].get<std::string>(),
                        " at overlap ",
                        short_number(metrics["overlap"])),
             metrics["folds"].empty() ? std::string()
                                      : cat(", means over ", metrics["folds"].size(), " folds"),
             resampling_text(metrics["bootstrap"]),
             "\n",
             cautions_text(metrics["cautions"]),
             "\n",
             class_table(metrics),
             "\n",
             means_table(metrics),
             by_tables(metrics));
}

}  // namespace evenray
