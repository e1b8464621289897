// SPDX-License-Identifier: Apache-2.0
#include "dataset/fracatlas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "dataset/folder.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

enum Class : int { kNonFractured = 0, kFractured = 1 };
const std::vector<std::string> kClassNames = {"Non_fractured", "Fractured"};
constexpr std::array<std::string_view, 3> kLabelColumns = {
    "image_id", "fractured", "fracture_count"};

/// A row of the table. The labels are kept as the table has them, for the message of a conflict.
struct Row {
  bool fractured = false;
  std::string fracture_count;
  std::vector<std::string> meta;
  bool seen = false;
};

struct Table {
  std::vector<std::string> meta_columns;
  std::map<std::string, Row> rows;  ///< by file name
};

Table read_table(const Path& file) {
  const CsvTable csv = read_csv(file);
  const size_t name = csv.require(kLabelColumns[0]);
  const size_t fractured = csv.require(kLabelColumns[1]);
  const size_t count = csv.require(kLabelColumns[2]);
  Table table;
  std::vector<size_t> meta;
  for (size_t c = 0; c < csv.columns.size(); ++c) {
    if (c == name || c == fractured || c == count) continue;
    meta.push_back(c);
    table.meta_columns.push_back(csv.columns[c]);
  }
  for (const auto& cells : csv.rows) {
    Row row;
    if (cells[fractured] != "0" && cells[fractured] != "1") {
      throw Error(Exit::bad_data,
                  cat(file.string(),
                      ": ",
                      cells[name],
                      ": fractured is '",
                      cells[fractured],
                      "', not 0 or 1"));
    }
    row.fractured = cells[fractured] == "1";
    row.fracture_count = cells[count];
    for (const size_t c : meta) row.meta.push_back(cells[c]);
    if (!table.rows.emplace(cells[name], std::move(row)).second) {
      throw Error(Exit::bad_data,
                  cat(file.string(), ": image_id ", cells[name], " stands there twice"));
    }
  }
  return table;
}

Box box_of(const Json& annotation) {
  const auto numbers = annotation.at("bbox").get<std::vector<float>>();
  const bool sound =
      numbers.size() == 4 &&
      std::all_of(numbers.begin(), numbers.end(), [](float v) { return std::isfinite(v); });
  if (!sound) throw Error(Exit::bad_data, "a bbox is not four numbers");
  Box box{numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3], kFractured, {}};
  // A segmentation that is no list is a run-length mask, which has no rings.
  const auto segmentation = annotation.find("segmentation");
  if (segmentation == annotation.end() || !segmentation->is_array()) return box;
  for (const auto& flat : *segmentation) {
    const auto xy = flat.get<std::vector<float>>();
    if (xy.size() < 6 || xy.size() % 2)
      throw Error(Exit::bad_data, "a polygon is not a list of points");
    auto& ring = box.rings.emplace_back();
    for (size_t i = 0; i < xy.size(); i += 2) ring.emplace_back(xy[i], xy[i + 1]);
  }
  return box;
}

using Boxes = std::map<std::string, std::vector<Box>>;  ///< by file name

Boxes boxes_of(const Json& coco) {
  std::set<int64_t> known_categories;
  for (const auto& category : coco.at("categories")) {
    const auto name = category.at("name").get<std::string>();
    if (lower(name) != "fractured")
      throw Error(Exit::bad_data, unknown_name("category", name, {"fractured"}));
    known_categories.insert(category.at("id").get<int64_t>());
  }
  std::map<int64_t, std::string> names;
  for (const auto& image : coco.at("images")) {
    names[image.at("id").get<int64_t>()] = image.at("file_name").get<std::string>();
  }
  Boxes boxes;
  for (const auto& annotation : coco.at("annotations")) {
    const auto image = annotation.at("image_id").get<int64_t>();
    const auto category = annotation.at("category_id").get<int64_t>();
    if (!names.contains(image))
      throw Error(Exit::bad_data, cat("a box on image ", image, ", which is not listed"));
    if (!known_categories.contains(category)) {
      throw Error(Exit::bad_data, cat("a box of category ", category, ", which is not listed"));
    }
    boxes[names[image]].push_back(box_of(annotation));
  }
  return boxes;
}

/// nullopt where the set comes without its COCO file.
std::optional<Boxes> read_boxes(const Path& root) {
  const Path folder = root / "Annotations" / "COCO JSON";
  if (!fs::is_directory(folder)) return std::nullopt;
  std::vector<Path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (files.empty()) return std::nullopt;
  const Path file = *std::min_element(files.begin(), files.end());
  try {
    return boxes_of(read_json(file));
  } catch (const Json::exception& error) {
    throw Error(Exit::bad_data, cat(file.string(), ": not COCO annotations: ", error.what()));
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(file.string())) throw;
    throw Error(error.code(), cat(file.string(), ": ", error.what()));
  }
}

std::string licence_of(const Path& root) {
  const Path file = root / "ATTRIBUTION.txt";
  if (!fs::is_regular_file(file)) return "";
  return read_file(file).find("CC BY 4.0") == std::string::npos ? "" : "CC BY 4.0";
}

/// The class of an image, and a finding where its sources disagree.
Class decide(const Sample& sample, Class folder, const Row* row, std::vector<Finding>& findings) {
  const Class label = sample.boxes.empty() ? folder : kFractured;
  const bool fractured = label == kFractured;
  int64_t count = 0;
  const bool counted = row && parse_int(row->fracture_count, count);
  if (folder != label || (row && row->fractured != fractured) ||
      (counted && (count > 0) != fractured)) {
    std::string table = "not in the table";
    if (row)
      table =
          cat("table: fractured=", int(row->fractured), ", fracture_count=", row->fracture_count);
    findings.push_back({"label_conflict",
                        {sample.id},
                        cat(table,
                            "; folder: ",
                            kClassNames[size_t(folder)],
                            "; boxes: ",
                            sample.boxes.size(),
                            "; taken as ",
                            kClassNames[size_t(label)])});
  }
  return label;
}

/// The set's own folder: `path`, or the one folder in it.
Path set_root(const std::string& path) {
  const Path root = clean_root(path);
  return fs::is_regular_file(root / "dataset.csv") ? root : enter_wrapping_folder(root);
}

}  // namespace

bool is_fracatlas_layout(const std::string& path) {
  if (!fs::is_directory(path)) return false;
  const Path root = set_root(path);
  return fs::is_regular_file(root / "dataset.csv") && fs::is_directory(root / "images");
}

Manifest read_fracatlas(const std::string& path) {
  const Path root = set_root(path);
  Table table = read_table(root / "dataset.csv");
  const auto boxes = read_boxes(root);

  Manifest manifest;
  manifest.format = "fracatlas";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  manifest.licence = licence_of(root);
  manifest.class_names = kClassNames;
  manifest.meta_columns = table.meta_columns;

  std::vector<Path> files;
  std::map<Path, Class> folder_of;
  for (const Class c : {kNonFractured, kFractured}) {
    const Path folder = root / "images" / kClassNames[size_t(c)];
    if (!fs::is_directory(folder)) continue;
    for (const auto& file : image_files(folder)) {
      files.push_back(file);
      folder_of[file] = c;
    }
  }
  if (files.empty())
    throw Error(Exit::bad_data, cat(path, ": no image in images/{Fractured,Non_fractured}"));

  for (auto& sample : samples_of_files(manifest.root, files)) {
    const std::string name = sample.file.filename().string();
    const auto listed = table.rows.find(name);
    Row* row = listed == table.rows.end() ? nullptr : &listed->second;
    if (row) {
      row->seen = true;
      sample.meta = row->meta;
    } else {
      sample.meta.resize(manifest.meta_columns.size());
      manifest.findings.push_back(
          {"unlisted_file", {sample.id}, cat(sample.source_path, " is not in dataset.csv")});
    }
    sample.running_id = true;
    sample.boxes_known = boxes.has_value();
    if (boxes) {
      if (const auto found = boxes->find(name); found != boxes->end()) sample.boxes = found->second;
    }
    const Class label = decide(sample, folder_of.at(sample.file), row, manifest.findings);
    sample.labels = {int8_t(label == kNonFractured), int8_t(label == kFractured)};
    manifest.samples.push_back(std::move(sample));
  }
  for (const auto& [name, row] : table.rows) {
    if (row.seen) continue;
    manifest.findings.push_back({"missing_file",
                                 {Path(name).stem().string()},
                                 cat(name, " is in dataset.csv but not under images")});
  }
  return manifest;
}

}  // namespace evenray
