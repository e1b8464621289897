// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/vinbigdata.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/box_fusion.hpp"
#include "dataset/layouts/listing.hpp"

namespace evenray {
namespace {

constexpr std::string_view kNoFindingId = "No finding";

/// The published classes by their numbers, so that a subset has the same classes as the whole set.
const std::vector<std::string> kFindings = {"Aortic enlargement",
                                            "Atelectasis",
                                            "Calcification",
                                            "Cardiomegaly",
                                            "Consolidation",
                                            "ILD",
                                            "Infiltration",
                                            "Lung Opacity",
                                            "Nodule/Mass",
                                            "Other lesion",
                                            "Pleural effusion",
                                            "Pleural thickening",
                                            "Pneumothorax",
                                            "Pulmonary fibrosis"};

/// Returns all published classes if `seen` has only such ones, else the names in `seen`.
std::vector<std::string> class_names(const std::map<int64_t, std::string>& seen) {
  std::vector<std::string> names;
  bool published = true;
  for (const auto& [number, name] : seen) {
    const auto at = static_cast<size_t>(number);
    published &= number >= 0 && at < kFindings.size() && kFindings[at] == name;
    names.push_back(name);
  }
  return published ? kFindings : names;
}

struct Reading {
  ListedImage image;
  std::vector<std::string> readers;
  std::vector<ReadBox> boxes;

  /// The reader of each box, in the order of the boxes.
  std::string readers_of_boxes() const {
    std::vector<std::string> out;
    for (const auto& box : boxes) out.push_back(box.reader);
    return join(out, " ");
  }

  /// Classes that more than half of the readers saw, even if in different places.
  std::vector<std::string> majority() const {
    std::map<std::string, std::set<std::string>> seen_by;
    for (const auto& box : boxes) seen_by[box.listed.class_name].insert(box.reader);
    std::vector<std::string> out;
    for (const auto& [name, class_readers] : seen_by)
      if (2 * class_readers.size() > readers.size()) out.push_back(name);
    return out;
  }
};

bool has_columns(const Path& file) {
  const std::string header = csv_header(file);
  return header.find("rad_id") != header.npos && header.find("class_name") != header.npos;
}

/// Returns the table; empty if there is none.
Path table_in(const std::string& path) {
  for (const auto& file : files_with_extension(path, {".csv"}))
    if (has_columns(file)) return file;
  return {};
}

std::map<std::string, cv::Size> read_frames(const std::string& path) {
  std::map<std::string, cv::Size> frames;
  for (const auto& file : files_with_extension(path, {".csv"})) {
    if (file.filename() != "train_meta.csv") continue;
    const CsvTable table = read_csv(file);
    const size_t id = table.require("image_id"), height = table.require("dim0"),
                 width = table.require("dim1");
    for (size_t i = 0; i < table.rows.size(); ++i) {
      int64_t h = 0, w = 0;
      check(parse_int(table.rows[i][height], h) && parse_int(table.rows[i][width], w) && h > 0 &&
                w > 0 && h < 1 << 20 && w < 1 << 20,
            Exit::bad_data,
            cat(file.string(), ":", table.lines[i], ": dim0 and dim1 are not a valid size"));
      frames[table.rows[i][id]] = {static_cast<int>(w), static_cast<int>(h)};
    }
  }
  return frames;
}

}  // namespace

bool is_vinbigdata_layout(const std::string& path) {
  return std::filesystem::is_directory(path) && !table_in(path).empty();
}

Manifest read_vinbigdata(const std::string& path, const std::string& readers) {
  const Merging merging = parse_merging(readers);
  const Path file = table_in(path);
  check(!file.empty(),
        Exit::bad_data,
        cat(path, ": no CSV table with the columns rad_id and class_name"));
  const CsvTable table = read_csv(file);
  const size_t id = table.require("image_id"), name = table.require("class_name"),
               number = table.require("class_id"), reader = table.require("rad_id");
  const std::array<size_t, 4> edges{table.require("x_min"),
                                    table.require("y_min"),
                                    table.require("x_max"),
                                    table.require("y_max")};
  std::map<int64_t, std::string> classes;
  std::map<std::string, Reading> readings;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const std::string where = cat(file.filename().string(), ":", table.lines[i]);
    Reading& reading = readings[row[id]];
    if (reading.image.listed.empty()) {
      reading.image = {row[id], where};
      reading.image.boxes_known = true;
    }
    if (std::count(reading.readers.begin(), reading.readers.end(), row[reader]) == 0)
      reading.readers.push_back(row[reader]);
    if (row[name] == kNoFindingId) continue;
    read_annotation(reading.image, where, [&] {
      int64_t class_id = 0;
      check(parse_int(row[number], class_id),
            Exit::bad_data,
            cat("class_id is '", row[number], "', not a number"));
      const auto known = classes.emplace(class_id, row[name]).first;
      check(known->second == row[name],
            Exit::bad_data,
            cat("class_id ", class_id, " is ", row[name], ", but above it is ", known->second));
      try {
        reading.boxes.push_back({{row[name], box_in_row(table, i, edges)}, row[reader]});
      } catch (const Error&) {
        reading.image.classes.push_back(row[name]);
        throw;
      }
    });
  }
  const auto frames = read_frames(path);
  Listing listing{"vinbigdata", class_names(classes), {"readers"}, {}, {}};
  if (merging == Merging::keep) listing.meta_columns.emplace_back("box_readers");
  for (auto& [image_id, reading] : readings) {
    ListedImage& image = reading.image;
    image.boxes = merge_boxes(reading.boxes, reading.readers.size(), merging);
    if (merging == Merging::majority) image.classes = reading.majority();
    if (const auto frame = frames.find(image_id); frame != frames.end())
      image.frame = frame->second;
    image.meta = {join(reading.readers, " ")};
    if (merging == Merging::keep) image.meta.push_back(reading.readers_of_boxes());
    listing.images.push_back(std::move(image));
  }
  Manifest manifest = match_listing(path, std::move(listing));
  manifest.multi_label = true;
  return manifest;
}

}  // namespace evenray
