// SPDX-License-Identifier: Apache-2.0
#include "serve/corrected_table.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/config_fields.hpp"
#include "core/csv.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// A real row that is not rejected.
struct KeptRow {
  RowFacts facts;
  std::string label;  ///< its only right class; empty: the classes are as they are
};

/// Names of the columns. `label` and `box` are empty if no row has boxes.
struct TableNames {
  std::string path, label, patient, split;
  std::vector<std::string> classes, box, meta;
};

std::vector<KeptRow> kept_rows(const Collection& collection,
                               const std::vector<JointDecision>& decisions) {
  std::map<std::string, const JointDecision*> decided;
  for (const JointDecision& decision : decisions) decided[decision.row] = &decision;
  std::vector<KeptRow> out;
  for (int64_t number = 0; number < collection.size(); ++number) {
    if (collection.origin(number) != Origin::real) continue;
    KeptRow row{collection.facts(number), ""};
    if (const auto found = decided.find(row.facts.id); found != decided.end()) {
      if (found->second->verdict == Verdict::reject) continue;
      if (is_relabelled(*found->second, row.facts)) {
        row.label = found->second->label;
        row.facts.boxes.clear();
      }
    }
    out.push_back(std::move(row));
  }
  return out;
}

TableNames names_of(const StoreInfo& info, bool boxes) {
  TableNames out;
  out.classes = info.class_names;
  for (const auto& column : info.meta_columns)
    if (std::count(out.classes.begin(), out.classes.end(), column) == 0) out.meta.push_back(column);
  const auto free_name = [&](std::string name) {
    while (std::count(out.classes.begin(), out.classes.end(), name) > 0 ||
           std::count(out.meta.begin(), out.meta.end(), name) > 0)
      name += "_";
    return name;
  };
  out.path = free_name("path");
  out.patient = free_name("patient");
  out.split = free_name("split");
  if (!boxes) return out;
  out.label = free_name("label");
  for (const char* side : {"x0", "y0", "x1", "y1"}) out.box.push_back(free_name(side));
  return out;
}

std::string csv_of(const std::vector<KeptRow>& rows, const TableNames& names) {
  std::vector<std::string> head{names.path, names.patient, names.split};
  head.insert(head.end(), names.classes.begin(), names.classes.end());
  head.insert(head.end(), names.meta.begin(), names.meta.end());
  if (!names.box.empty()) head.push_back(names.label);
  head.insert(head.end(), names.box.begin(), names.box.end());
  std::string out = csv_line(head);
  for (const KeptRow& row : rows) {
    const RowFacts& facts = row.facts;
    std::vector<std::string> line{facts.source_path, facts.group, facts.part};
    for (size_t c = 0; c < names.classes.size(); ++c)
      line.push_back(row.label.empty()               ? std::to_string(facts.labels[c])
                     : names.classes[c] == row.label ? "1"
                                                     : "0");
    for (const auto& [name, value] : facts.columns)
      if (std::count(names.meta.begin(), names.meta.end(), name) > 0) line.push_back(value);
    const size_t before_box = line.size();
    line.resize(head.size());
    if (facts.boxes.empty()) out += csv_line(line);
    for (const Box& box : facts.boxes) {
      line[before_box] = names.classes[static_cast<size_t>(box.label)];
      const std::array<float, 4> sides{box.x0, box.y0, box.x1, box.y1};
      for (size_t i = 0; i < sides.size(); ++i)
        line[before_box + 1 + i] = fixed((sides[i] - facts.offset[i % 2]) / facts.scale[i % 2], 1);
      out += csv_line(line);
    }
  }
  return out;
}

std::string list_text(const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.push_back(toml_text(name));
  return cat("[", join(texts), "]");
}

std::string toml_of(const TableNames& names, int64_t unknown_boxes) {
  std::string out =
      "# For table.csv of the curation page: put it into the folder of the images, then\n"
      "# evenray data split IMAGES --config table.toml --out split.csv\n"
      "# evenray data pack IMAGES --config table.toml --split split.csv --out corrected.h5\n";
  if (unknown_boxes > 0)
    out +=
        cat("# A table cannot say that nobody marked the objects of an image. ",
            unknown_boxes,
            unknown_boxes == 1 ? " image is" : " images are",
            " so;\n# those without a class that has boxes are read as images without objects.\n");
  out += cat("[data]\nformat = 'table'\n\n[data.columns]\ntable = 'table.csv'\npath = ",
             toml_text(names.path),
             "\nlabels = ",
             list_text(names.classes),
             "\npatient = ",
             toml_text(names.patient),
             "\nsplit = ",
             toml_text(names.split),
             "\n");
  if (!names.box.empty())
    out += cat("label = ", toml_text(names.label), "\nbox = ", list_text(names.box), "\n");
  return out;
}

}  // namespace

bool is_relabelled(const JointDecision& decision, const RowFacts& facts) {
  return !decision.label.empty() && decision.label != facts.label;
}

CorrectedTable corrected_table(const Collection& collection,
                               const std::vector<JointDecision>& decisions) {
  const auto rows = kept_rows(collection, decisions);
  const auto count = [&](const auto& is) {
    return std::count_if(
        rows.begin(), rows.end(), [&](const KeptRow& row) { return is(row.facts); });
  };
  const bool boxes = count([](const RowFacts& facts) { return !facts.boxes.empty(); }) > 0;
  const TableNames names = names_of(collection.store().info(), boxes);
  const auto unknown = count([](const RowFacts& facts) { return !facts.boxes_known; });
  return {csv_of(rows, names), toml_of(names, boxes ? unknown : 0)};
}

}  // namespace evenray
