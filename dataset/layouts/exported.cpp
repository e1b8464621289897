// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/exported.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/coco.hpp"
#include "dataset/layouts/imagefolder.hpp"
#include "dataset/layouts/voc.hpp"
#include "dataset/layouts/yolo.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kFirst = {"id", "file", "part", "group"};

/// The boxes of one image. Their classes are names, not labels.
struct BoxesByName {
  std::vector<Box> boxes;
  std::vector<std::string> class_names;
};
using RowByFile = std::map<std::string, BoxesByName>;  ///< by the image's path below the root

std::vector<std::vector<cv::Point2f>> rings_of(const std::string& text, const std::string& where) {
  std::vector<std::vector<cv::Point2f>> rings;
  if (text.empty()) return rings;
  for (const auto& part : split_text(text, ';')) {
    std::istringstream words(part);
    std::vector<double> numbers;
    for (std::string word; words >> word;)
      check(parse_double(word, numbers.emplace_back()),
            Exit::bad_data,
            cat(where, ": '", word, "' is not a number"));
    check(numbers.size() >= 6 && numbers.size() % 2 == 0,
          Exit::bad_data,
          cat(where, ": a polygon must be a list of at least three points"));
    auto& ring = rings.emplace_back();
    for (size_t i = 0; i < numbers.size(); i += 2)
      ring.emplace_back(static_cast<float>(numbers[i]), static_cast<float>(numbers[i + 1]));
  }
  return rings;
}

RowByFile read_boxes_table(const Path& file) {
  const CsvTable table = read_csv(file);
  const size_t name = table.require("file"), class_name = table.require("class"),
               polygons = table.require("polygons");
  const std::array<size_t, 4> edges{
      table.require("x0"), table.require("y0"), table.require("x1"), table.require("y1")};
  RowByFile out;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const std::string where = cat(file.string(), ":", table.lines[i]);
    Box box = box_in_row(table, i, edges);
    box.rings = rings_of(row[polygons], where);
    out[row[name]].boxes.push_back(std::move(box));
    out[row[name]].class_names.push_back(row[class_name]);
  }
  return out;
}

/// Returns the boxes that the layout around the tables contains; nullopt if the layout has none.
std::optional<RowByFile> read_exported_boxes(const std::string& path) {
  if (fs::is_regular_file(Path(path) / "boxes.csv"))
    return read_boxes_table(Path(path) / "boxes.csv");
  Manifest annotated;
  if (is_imagefolder_layout(path)) {
    annotated = read_imagefolder(path);
  } else if (is_coco_layout(path)) {
    annotated = read_coco(path);
  } else if (is_yolo_layout(path)) {
    annotated = read_yolo(path);
  } else if (is_voc_layout(path)) {
    annotated = read_voc(path);
  } else {
    return std::nullopt;
  }
  RowByFile out;
  for (auto& sample : annotated.samples) {
    BoxesByName& boxes = out[sample.source_path];
    boxes.boxes = std::move(sample.boxes);
    for (const auto& box : boxes.boxes)
      boxes.class_names.push_back(annotated.class_names[static_cast<size_t>(box.label)]);
  }
  return out;
}

std::set<std::string> annotated_ids(const Path& file) {
  const CsvTable table = read_csv(file);
  const size_t id = table.require("id"), known = table.require("boxes_known");
  std::set<std::string> out;
  for (const auto& row : table.rows)
    if (row[known] == "1") out.insert(row[id]);
  return out;
}

int8_t label_of(const std::string& text, const std::string& where) {
  int64_t value = 0;
  check(parse_int(text, value) && value >= -1 && value <= 1,
        Exit::bad_data,
        cat(where, ": a label is '", text, "'; it must be 1, 0 or -1"));
  return static_cast<int8_t>(value);
}

/// Returns the licence that the datasheet beside the tables states; empty if it states none.
std::string readme_licence(const Path& sheet) {
  if (!fs::is_regular_file(sheet)) return "";
  const std::string_view begin = "- licence: ";
  for (const auto& line : split_text(read_file(sheet), '\n')) {
    if (!line.starts_with(begin) || line.starts_with("- licence: not stated")) continue;
    std::string text = line.substr(begin.size());
    std::erase(text, '\\');  // escapes of Markdown
    return text;
  }
  return "";
}

/// Returns the column of the origin, which follows the classes. It has the prefix if a class is
/// named `origin`.
size_t origin_column(const CsvTable& table) {
  const auto own = table.find("evenray_origin");
  return own ? *own : table.require("origin");
}

}  // namespace

bool is_exported_layout(const std::string& path) {
  const Path labels = Path(path) / "labels.csv";
  if (!fs::is_regular_file(labels) || !fs::is_regular_file(Path(path) / "provenance.csv"))
    return false;
  return read_file(labels).starts_with(join(kFirst, ",") + ",");
}

Manifest read_exported(const std::string& path) {
  Manifest manifest;
  manifest.format = "export";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  manifest.licence = readme_licence(manifest.root / "DATASHEET.md");
  const CsvTable table = read_csv(manifest.root / "labels.csv");
  const size_t classes_end = origin_column(table);
  check(table.columns.size() > classes_end && classes_end > kFirst.size() &&
            std::equal(kFirst.begin(), kFirst.end(), table.columns.begin()),
        Exit::bad_data,
        cat(table.path.string(), ": not a labels.csv of `data export`"));
  const auto columns = table.columns.begin();
  manifest.class_names.assign(columns + 4, columns + static_cast<std::ptrdiff_t>(classes_end));
  manifest.meta_columns.assign(columns + static_cast<std::ptrdiff_t>(classes_end) + 1,
                               table.columns.end());
  const auto annotated = annotated_ids(manifest.root / "provenance.csv");
  std::optional<RowByFile> boxes = read_exported_boxes(path);

  Finding others{"not_real", {}, ""};
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const std::string where = cat(table.path.string(), ":", table.lines[i]);
    std::vector<int8_t> labels;
    for (size_t c = kFirst.size(); c < classes_end; ++c) labels.push_back(label_of(row[c], where));
    if (row[2] == kParts[0]) manifest.count_training_row(labels, parse_origin(row[classes_end]));
    if (row[classes_end] != origin_name(Origin::real)) {
      others.ids.push_back(row[0]);
      continue;
    }
    Sample sample;
    sample.id = row[0];
    sample.source_path = row[1];
    sample.file = (manifest.root / row[1]).lexically_normal();
    check(!sample.file.lexically_relative(manifest.root).string().starts_with("..") &&
              fs::is_regular_file(sample.file),
          Exit::bad_data,
          cat(where, ": ", row[1], " is not a file of this export"));
    sample.part = row[2];
    sample.visit = row[3];
    sample.labels = std::move(labels);
    sample.meta.assign(row.begin() + static_cast<std::ptrdiff_t>(classes_end) + 1, row.end());
    sample.boxes_known = boxes && annotated.contains(row[0]);
    if (boxes && boxes->contains(row[1])) {
      BoxesByName& found = boxes->at(row[1]);
      sample.boxes = std::move(found.boxes);
      for (size_t k = 0; k < sample.boxes.size(); ++k)
        sample.boxes[k].label = manifest.class_index(found.class_names[k]);
    }
    manifest.multi_label |= sample.exclusive_class() < 0 ||
                            std::count(sample.labels.begin(), sample.labels.end(), -1) > 0;
    manifest.samples.push_back(std::move(sample));
  }
  if (!others.ids.empty()) {
    others.detail = cat(others.ids.size(), " images are copies, augmented or synthetic");
    manifest.findings.push_back(std::move(others));
  } else {
    manifest.training_rows.clear();
  }
  check(!manifest.samples.empty(), Exit::bad_data, cat(path, ": the export has no real image"));
  return manifest;
}

}  // namespace evenray
