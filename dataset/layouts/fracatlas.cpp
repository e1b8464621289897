// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/fracatlas.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/fracatlas_boxes.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

enum Class : int { kNonFractured = 0, kFractured = 1 };
const std::vector<std::string> kClassNames = {"Non_fractured", "Fractured"};
constexpr std::array<std::string_view, 3> kLabelColumns = {
    "image_id", "fractured", "fracture_count"};

/// A row of the table. The labels stay as the table states them, for the text of a conflict.
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
                      "'; it must be 0 or 1"));
    }
    row.fractured = cells[fractured] == "1";
    row.fracture_count = cells[count];
    for (const size_t c : meta) row.meta.push_back(cells[c]);
    if (!table.rows.emplace(cells[name], std::move(row)).second) {
      throw Error(Exit::bad_data,
                  cat(file.string(), ": image_id ", cells[name], " is listed twice"));
    }
  }
  return table;
}

std::string fracatlas_licence(const Path& root) {
  const Path file = root / "ATTRIBUTION.txt";
  if (!fs::is_regular_file(file)) return "";
  return read_file(file).find("CC BY 4.0") == std::string::npos ? "" : "CC BY 4.0";
}

/// Returns the class of an image; adds a finding if its sources disagree.
Class decide(const Sample& sample, Class folder, const Row* row, std::vector<Finding>& findings) {
  const Class label = sample.boxes.empty() ? folder : kFractured;
  const bool fractured = label == kFractured;
  int64_t count = 0;
  const bool counted = row && parse_int(row->fracture_count, count);
  const bool other_count =
      counted && (sample.boxes_known ? count != static_cast<int64_t>(sample.boxes.size())
                                     : (count > 0) != fractured);
  if (folder != label || (row && row->fractured != fractured) || other_count) {
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
                            "; labelled as ",
                            kClassNames[size_t(label)])});
  }
  return label;
}

/// Returns the folder of the data set: `path`, or the only folder in it.
Path set_root(const std::string& path) {
  const Path root = clean_root(path);
  return fs::is_regular_file(root / "dataset.csv") ? root : enter_wrapping_folder(root);
}

/// Whether the first line of a CSV file has FracAtlas' label columns. Another set may have a
/// dataset.csv too.
bool has_label_columns(const Path& file) {
  const std::string head = csv_header(file);
  return std::all_of(kLabelColumns.begin(), kLabelColumns.end(), [&](std::string_view column) {
    return head.find(column) != std::string::npos;
  });
}

}  // namespace

bool is_fracatlas_layout(const std::string& path) {
  if (!fs::is_directory(path)) return false;
  const Path root = set_root(path);
  return fs::is_directory(root / "images") && has_label_columns(root / "dataset.csv");
}

Manifest read_fracatlas(const std::string& path) {
  const Path root = set_root(path);
  Table table = read_table(root / "dataset.csv");

  Manifest manifest;
  manifest.format = "fracatlas";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  manifest.licence = fracatlas_licence(root);
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
  std::map<std::string, Path> by_name;
  for (const auto& file : files) by_name[file.filename().string()] = file;
  const auto boxes = read_fracatlas_boxes(root, by_name);
  std::set<std::string> incomplete;  // stems of images with an annotation that is not valid
  if (boxes) {
    manifest.findings = boxes->findings;
    for (const auto& finding : boxes->findings)
      if (finding.kind == "annotation_invalid")
        incomplete.insert(finding.ids.begin(), finding.ids.end());
  }

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
    sample.sequential_id = true;
    sample.boxes_known = boxes && !incomplete.contains(sample.file.stem().string());
    if (boxes) {
      if (const auto found = boxes->by_file.find(name); found != boxes->by_file.end())
        sample.boxes = found->second;
      for (auto& box : sample.boxes) box.label = kFractured;
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
