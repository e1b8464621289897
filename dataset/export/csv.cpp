// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/csv.hpp"
#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {
namespace {

constexpr int kBoxDigits = 4;

/// Returns "x y x y ...; x y ...", one ring after another.
std::string rings_text(const Box& box) {
  std::vector<std::string> rings;
  for (const auto& ring : box.rings) {
    std::vector<std::string> numbers;
    for (const auto& point : ring) {
      numbers.push_back(decimal_text(point.x, kBoxDigits));
      numbers.push_back(decimal_text(point.y, kBoxDigits));
    }
    rings.push_back(join(numbers, " "));
  }
  return join(rings, "; ");
}

/// Adds a column with the name of the source; if it is taken, with the prefix `kind`.
void add_column(std::vector<std::string>& columns, const std::string& kind, std::string name) {
  while (std::find(columns.begin(), columns.end(), name) != columns.end()) name = kind + name;
  columns.push_back(name);
}

}  // namespace

void annotate_csv(const ExportPlan& plan, OutputFolder& out) {
  std::string text = csv_line({"id", "file", "class", "x0", "y0", "x1", "y1", "polygons"});
  for (const auto& image : plan.images) {
    for (const auto& box : image.boxes())
      text += csv_line({image.id(),
                        image.file,
                        plan.info().class_names[static_cast<size_t>(box.label)],
                        decimal_text(box.x0, kBoxDigits),
                        decimal_text(box.y0, kBoxDigits),
                        decimal_text(box.x1, kBoxDigits),
                        decimal_text(box.y1, kBoxDigits),
                        rings_text(box)});
  }
  out.write("boxes.csv", text);
}

std::string labels_csv(const ExportPlan& plan) {
  std::vector<std::string> columns = {"id", "file", "part", "group"};
  for (const auto& name : plan.info().class_names) add_column(columns, "class_", name);
  add_column(columns, "evenray_", "origin");
  for (const auto& name : plan.info().meta_columns) add_column(columns, "meta_", name);
  std::string text = csv_line(columns);
  for (const auto& image : plan.images) {
    const StorePart& part = *image.part;
    std::vector<std::string> fields = {image.id(), image.file, part.name, part.groups[image.row]};
    for (const int label : image.labels()) fields.push_back(cat(label));
    fields.emplace_back(origin_name(part.provenance[image.row].origin));
    for (const auto& value : part.meta[image.row]) fields.push_back(value);
    text += csv_line(fields);
  }
  return text;
}

std::string provenance_csv(const ExportPlan& plan) {
  std::string text = csv_line({"id",
                               "origin",
                               "parent",
                               "recipe",
                               "seed",
                               "weight",
                               "boxes_known",
                               "source_path",
                               "scale_x",
                               "scale_y",
                               "offset_x",
                               "offset_y"});
  for (const auto& image : plan.images) {
    const StorePart& part = *image.part;
    const size_t row = image.row;
    const Provenance& made = part.provenance[row];
    text += csv_line({image.id(),
                      origin_name(made.origin),
                      made.parent < 0 ? "" : part.ids[static_cast<size_t>(made.parent)],
                      made.recipe,
                      cat(made.seed),
                      exact(part.weights[row]),
                      image.annotated() ? "1" : "0",
                      part.source_paths[row],
                      exact(part.scales[row][0]),
                      exact(part.scales[row][1]),
                      exact(part.offsets[row][0]),
                      exact(part.offsets[row][1])});
  }
  return text;
}

std::string names_csv(const std::vector<OldAndNew>& names) {
  std::string rows;
  for (const auto& name : names)
    if (name.old_name != name.new_name) rows += csv_line({name.old_name, name.new_name});
  return rows.empty() ? "" : csv_line({"old", "new"}) + rows;
}

}  // namespace evenray
