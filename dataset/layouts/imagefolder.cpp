// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/imagefolder.hpp"

#include <algorithm>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/listing.hpp"

namespace evenray {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 30;

/// A line of metadata from a CSV or JSONL file.
struct Line {
  Json values;
  std::string listed;
};

std::vector<Path> metadata_files(const std::string& path) {
  std::vector<Path> out;
  for (const auto& file : files_with_extension(path, {".csv", ".jsonl"}))
    if (file.stem() == "metadata") out.push_back(file);
  return out;
}

std::vector<Line> read_lines(const Path& file) {
  std::vector<Line> out;
  const std::string name = file.filename().string();
  if (file.extension() == ".csv") {
    const CsvTable table = read_csv(file);
    for (size_t i = 0; i < table.rows.size(); ++i) {
      Line line{Json::object(), cat(name, ":", table.lines[i])};
      for (size_t c = 0; c < table.columns.size(); ++c)
        line.values[table.columns[c]] = table.rows[i][c];
      out.push_back(std::move(line));
    }
    return out;
  }
  size_t number = 0;
  for (const auto& text : split_text(read_text(file, kMaxBytes), '\n')) {
    ++number;
    if (trim(text).empty()) continue;
    const std::string where = cat(file.string(), ":", number);
    Line line{parse_json(text, where), cat(name, ":", number)};
    check(line.values.is_object(), Exit::bad_data, where + ": not a JSON object");
    out.push_back(std::move(line));
  }
  return out;
}

/// Returns a string unchanged, any other plain value as JSON text.
std::string text_of(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void add_boxes(const Json& objects, ListedImage& into) {
  const Json& boxes = json_list(objects, "bbox");
  const Json& categories =
      json_list(objects, objects.contains("categories") ? "categories" : "category");
  check(boxes.size() == categories.size(),
        Exit::bad_data,
        "objects: bbox and categories must be lists of the same length");
  for (size_t i = 0; i < boxes.size(); ++i) {
    read_annotation(into, cat(into.listed, ": box ", i + 1), [&] {
      const auto xywh = json_numbers(boxes[i], "bbox");
      check(xywh.size() == 4, Exit::bad_data, "bbox must be four numbers");
      into.boxes.push_back({text_of(categories[i]), sized_box(xywh[0], xywh[1], xywh[2], xywh[3])});
    });
  }
}

/// `labels`: a list or, in a CSV file, names with | between them.
void add_labels(const Json& labels, ListedImage& into) {
  if (labels.is_string()) {
    for (const auto& name : split_text(labels.get<std::string>(), '|'))
      if (!trim(name).empty()) into.classes.push_back(trim(name));
    return;
  }
  for (const auto& label : labels) into.classes.push_back(text_of(label));
}

ListedImage image_of(const Line& line, const std::string& folder) {
  ListedImage image;
  const Json& values = line.values;
  image.listed = line.listed;
  check(values.contains("file_name"),
        Exit::bad_data,
        "no file_name, which Hugging Face's metadata requires; for a table with other columns set "
        "data.columns.path and data.columns.label");
  image.file = folder + json_text_field(values, "file_name");
  if (values.contains("label") && !text_of(values["label"]).empty())
    image.classes.push_back(text_of(values["label"]));
  if (values.contains("labels")) add_labels(values["labels"], image);
  if (values.contains("objects")) {
    image.boxes_known = true;
    read_annotation(image, image.listed, [&] { add_boxes(values["objects"], image); });
  }
  if (values.contains("patient")) image.patient = text_of(values["patient"]);
  if (values.contains("split")) image.part = part_in_name(text_of(values["split"]));
  return image;
}

bool is_meta(const std::string& column, const Json& value) {
  const std::set<std::string> reserved{
      "file_name", "label", "labels", "objects", "patient", "split"};
  return !reserved.contains(column) && value.is_primitive();
}

}  // namespace

bool is_imagefolder_layout(const std::string& path) {
  return std::filesystem::is_directory(path) && !metadata_files(path).empty();
}

Manifest read_imagefolder(const std::string& path) {
  Listing listing{"imagefolder", {}, {}, {}, {}};
  std::vector<Line> lines;
  for (const auto& file : metadata_files(path)) {
    const std::string folder = file.parent_path().lexically_relative(path).generic_string();
    for (auto& line : read_lines(file)) {
      try {
        auto image = image_of(line, folder.empty() || folder == "." ? "" : folder + "/");
        if (image.part.empty()) image.part = part_in_name(folder);
        listing.images.push_back(std::move(image));
      } catch (const Error& error) {
        throw Error(Exit::bad_data,
                    cat(file.parent_path().string(), "/", line.listed, ": ", error.what()));
      }
      lines.push_back(std::move(line));
    }
  }
  check(!lines.empty(),
        Exit::bad_data,
        cat(path, ": contains no metadata.csv or metadata.jsonl with at least one line"));
  auto& columns = listing.meta_columns;
  for (const auto& line : lines)
    for (const auto& [column, value] : line.values.items())
      if (is_meta(column, value) && std::count(columns.begin(), columns.end(), column) == 0)
        columns.push_back(column);
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const auto& column : columns) {
      const auto value = lines[i].values.find(column);
      const bool known = value != lines[i].values.end() && is_meta(column, *value);
      listing.images[i].meta.push_back(known ? text_of(*value) : "");
    }
  }
  return match_listing(path, std::move(listing));
}

}  // namespace evenray
