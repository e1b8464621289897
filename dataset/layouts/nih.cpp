// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/nih.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/listing.hpp"

namespace evenray {
namespace {

const std::vector<std::string> kNihFindings = {"Atelectasis",
                                               "Cardiomegaly",
                                               "Consolidation",
                                               "Edema",
                                               "Effusion",
                                               "Emphysema",
                                               "Fibrosis",
                                               "Hernia",
                                               "Infiltration",
                                               "Mass",
                                               "Nodule",
                                               "Pleural_Thickening",
                                               "Pneumonia",
                                               "Pneumothorax"};
constexpr std::string_view kNoFinding = "No Finding", kImage = "Image Index",
                           kLabels = "Finding Labels", kPatient = "Patient ID",
                           kAge = "Patient Age";

/// Column names of the table and their names in our metadata; other columns keep their names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kNihColumns = {
    {{"Follow-up #", "follow_up"},
     {"Patient Age", "age"},
     {"Patient Gender", "sex"},
     {"View Position", "view"},
     // A CSV reader splits "OriginalImage[Width,Height]" into two columns at its comma.
     {"OriginalImage[Width", "original_width_px"},
     {"Height]", "original_height_px"},
     {"OriginalImagePixelSpacing[x", "original_spacing_x_mm"},
     {"y]", "original_spacing_y_mm"},
     {"OriginalImageWidth", "original_width_px"},
     {"OriginalImageHeight", "original_height_px"},
     {"OriginalImagePixelSpacing_x", "original_spacing_x_mm"},
     {"OriginalImagePixelSpacing_y", "original_spacing_y_mm"}}};

std::string column_name(const std::string& column) {
  for (const auto& [theirs, ours] : kNihColumns)
    if (theirs == column) return std::string(ours);
  return column;
}

std::string finding_name(const std::string& name, const std::string& where) {
  if (name == "Infiltrate") return "Infiltration";
  check(std::count(kNihFindings.begin(), kNihFindings.end(), name) > 0,
        Exit::bad_data,
        where + unknown_name("finding", name, kNihFindings));
  return name;
}

/// Converts "060Y", "057Y" and plain years; months and days become fractions of a year.
std::string age_in_years(const std::string& text, const std::string& where) {
  if (text.empty()) return "";
  double value = 0;
  const char unit = text.back();
  const std::string_view digits =
      std::string_view(text).substr(0, text.size() - (unit >= 'A' ? 1 : 0));
  const double share = unit == 'M' ? 1. / 12 : unit == 'D' ? 1. / 365.25 : 1;
  const bool known = unit < 'A' || unit == 'Y' || unit == 'M' || unit == 'D';
  check(known && parse_double(digits, value),
        Exit::bad_data,
        cat(where, ": '", text, "' is not an age"));
  return share == 1 ? exact(value) : fixed(value * share, 2);
}

bool has_nih_columns(const Path& file) {
  const std::string header = csv_header(file);
  return header.find(kImage) != header.npos && header.find(kLabels) != header.npos;
}

std::vector<Path> nih_tables(const std::string& path) {
  std::vector<Path> out;
  for (const auto& file : files_with_extension(path, {".csv"}))
    if (has_nih_columns(file)) out.push_back(file);
  return out;
}

using Boxes = std::unordered_map<std::string, ListedImage>;

Boxes read_boxes(const std::string& path) {
  Boxes boxes;
  for (const auto& file : files_with_extension(path, {".csv"})) {
    if (!file.filename().string().starts_with("BBox_List")) continue;
    // A CSV reader splits the header "Bbox [x,y,w,h]" at its commas, so the columns are found by
    // position.
    const CsvTable table = read_csv(file);
    const size_t image = table.require(kImage), finding = table.require("Finding Label");
    check(finding + 4 < table.columns.size(),
          Exit::bad_data,
          cat(file.string(), ": expected the columns x, y, w and h after Finding Label"));
    for (size_t i = 0; i < table.rows.size(); ++i) {
      const auto& row = table.rows[i];
      const std::string where = cat(file.filename().string(), ":", table.lines[i]);
      ListedImage& listed = boxes[row[image]];
      read_annotation(listed, where, [&] {
        const std::array<size_t, 4> columns{finding + 1, finding + 2, finding + 3, finding + 4};
        listed.boxes.push_back(
            {finding_name(row[finding], ""), box_in_row(table, i, columns, /*sizes=*/true)});
      });
    }
  }
  return boxes;
}

void add_table(const Path& file, Boxes& boxes, Listing& listing) {
  const CsvTable table = read_csv(file);
  const size_t image = table.require(kImage), labels = table.require(kLabels),
               patient = table.require(kPatient);
  const auto age = table.find(kAge);
  std::vector<size_t> meta;
  std::vector<std::string> names;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (c == image || c == labels || c == patient || table.columns[c].empty()) continue;
    meta.push_back(c);
    names.push_back(column_name(table.columns[c]));
  }
  check(listing.meta_columns.empty() || listing.meta_columns == names,
        Exit::bad_data,
        cat(file.string(), ": its columns differ from those of the other tables beside it"));
  listing.meta_columns = names;
  listing.images.reserve(listing.images.size() + table.rows.size());
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    ListedImage listed{row[image], cat(file.filename().string(), ":", table.lines[i])};
    for (const auto& name : split_text(row[labels], '|'))
      if (name != kNoFinding)
        listed.classes.push_back(finding_name(trim(name), listed.listed + ": "));
    listed.patient = row[patient];
    for (const size_t c : meta)
      listed.meta.push_back(c == age ? age_in_years(row[c], listed.listed) : row[c]);
    if (const auto known = boxes.find(row[image]); known != boxes.end()) {
      listed.boxes = std::move(known->second.boxes);
      listed.remarks = std::move(known->second.remarks);
      listed.boxes_known = listed.remarks.empty();
      for (const auto& box : listed.boxes) {
        if (std::count(listed.classes.begin(), listed.classes.end(), box.class_name) == 0)
          listing.findings.push_back({"label_conflict",
                                      {Path(row[image]).stem().string()},
                                      cat("a box of ",
                                          box.class_name,
                                          ", which ",
                                          listed.listed,
                                          " does not list; its label is set to 1")});
      }
    }
    listing.images.push_back(std::move(listed));
  }
}

}  // namespace

bool is_nih_layout(const std::string& path) {
  return std::filesystem::is_directory(path) && !nih_tables(path).empty();
}

Manifest read_nih(const std::string& path) {
  Boxes boxes = read_boxes(path);
  Listing listing{"nih", kNihFindings, {}, {}, {}};
  const auto files = nih_tables(path);
  check(!files.empty(),
        Exit::bad_data,
        cat(path, ": no table with the columns ", kImage, " and ", kLabels));
  for (const auto& file : files) add_table(file, boxes, listing);
  Manifest manifest = match_listing(path, std::move(listing));
  manifest.multi_label = true;
  return manifest;
}

}  // namespace evenray
