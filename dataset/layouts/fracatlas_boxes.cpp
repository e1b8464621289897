// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/fracatlas_boxes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/coco.hpp"
#include "dataset/layouts/voc.hpp"
#include "dataset/layouts/yolo.hpp"

namespace evenray {
namespace {

/// Allows for Pascal VOC, which counts whole pixels from 1.
constexpr float kSamePlace = 1.5f;  // px

using ByFile = std::map<std::string, std::vector<Box>>;
using Files = std::map<std::string, Path>;

/// The boxes of one of the formats.
struct Annotations {
  ByFile by_file;
  std::vector<Finding> findings;

  /// Adds the boxes and remarks of an image.
  void add(const Path& source, const std::string& file, ListedImage&& image) {
    auto& into = by_file[file];
    for (auto& [class_name, box] : image.boxes) {
      check(lower(class_name) == "fractured",
            Exit::bad_data,
            cat(source.string(), ": ", unknown_name("category", class_name, {"fractured"})));
      into.push_back(std::move(box));
    }
    for (auto& [kind, detail] : image.remarks)
      if (kind == "annotation_invalid")
        findings.push_back({kind, {Path(file).stem().string()}, std::move(detail)});
  }
};

Annotations read_coco_folder(const Path& folder, const Files&) {
  Annotations out;
  const auto files = files_with_extension(folder, {".json"});
  if (files.empty()) return out;
  CocoFile coco = read_coco_file(files[0]);
  out.findings = std::move(coco.findings);
  for (auto& image : coco.images) out.add(files[0], image.file, std::move(image));
  return out;
}

ListedBox vgg_box(const Json& region) {
  const Json& shape = json_field(region, "shape_attributes");
  const auto x = json_numbers(json_field(shape, "all_points_x"), "all_points_x");
  const auto y = json_numbers(json_field(shape, "all_points_y"), "all_points_y");
  check(x.size() >= 3 && x.size() == y.size(),
        Exit::bad_data,
        "a polygon must be a list of at least three points");
  std::vector<cv::Point2f> ring;
  for (size_t i = 0; i < x.size(); ++i) ring.emplace_back(x[i], y[i]);
  return {json_text_field(json_field(region, "region_attributes"), "label"),
          bounds_of({std::move(ring)})};
}

/// Reads the polygons of the VGG Image Annotator.
Annotations read_vgg_folder(const Path& folder, const Files&) {
  Annotations out;
  const auto files = files_with_extension(folder, {".json"});
  if (files.empty()) return out;
  const Json vgg = read_json(files[0]);
  const std::string name = files[0].filename().string();
  try {
    for (const auto& entry : vgg) {
      ListedImage image{json_text_field(entry, "filename"), name};
      int number = 0;
      for (const auto& region : json_field(entry, "regions"))
        read_annotation(image, cat(name, ": ", image.file, ": region ", ++number), [&] {
          image.boxes.push_back(vgg_box(region));
        });
      out.add(files[0], image.file, std::move(image));
    }
  } catch (const Error& error) {
    throw Error(error.code(),
                cat(files[0].string(), ": not a VGG annotation file: ", error.what()));
  }
  return out;
}

Annotations read_voc_folder(const Path& folder, const Files& files) {
  Annotations out;
  for (const auto& file : files_with_extension(folder, {".xml"})) {
    ListedImage image = read_voc_file(file);
    if (files.contains(image.file)) out.add(file, image.file, std::move(image));
  }
  return out;
}

Annotations read_yolo_folder(const Path& folder, const Files& files) {
  Annotations out;
  for (const auto& [name, picture] : files) {
    const Path labels = folder / Path(name).stem().concat(".txt");
    if (!std::filesystem::is_regular_file(labels)) continue;
    ListedImage image{name, labels.filename().string()};
    read_yolo_file(labels, picture, {"fractured"}, image);
    out.add(labels, name, std::move(image));
  }
  return out;
}

struct Format {
  const char* folder;
  Annotations (*read)(const Path& folder, const Files& files);
};
constexpr std::array kFormats{Format{"COCO JSON", &read_coco_folder},
                              Format{"VGG JSON", &read_vgg_folder},
                              Format{"PASCAL VOC", &read_voc_folder},
                              Format{"YOLO", &read_yolo_folder}};

bool agree(std::vector<Box> a, std::vector<Box> b) {
  const auto before = [](const Box& one, const Box& other) {
    return std::tuple(std::lround(one.x0), std::lround(one.y0), one.x1) <
           std::tuple(std::lround(other.x0), std::lround(other.y0), other.x1);
  };
  std::sort(a.begin(), a.end(), before);
  std::sort(b.begin(), b.end(), before);
  const auto near = [](float one, float other) { return std::abs(one - other) <= kSamePlace; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const Box& one, const Box& other) {
    return near(one.x0, other.x0) && near(one.y0, other.y0) && near(one.x1, other.x1) &&
           near(one.y1, other.y1);
  });
}

/// Reports images whose boxes differ between two formats. An image that only one format lists is
/// reported only if it has boxes there.
void compare(const std::string& first_name,
             const ByFile& first,
             const std::string& name,
             const ByFile& other,
             std::vector<Finding>& findings) {
  const auto boxes_in = [](const ByFile& boxes, const std::string& file) {
    const auto found = boxes.find(file);
    return found == boxes.end() ? std::vector<Box>{} : found->second;
  };
  std::set<std::string> images;
  for (const auto* boxes : {&first, &other})
    for (const auto& [file, unused] : *boxes) images.insert(file);
  for (const auto& file : images) {
    const auto here = boxes_in(first, file), there = boxes_in(other, file);
    if (agree(here, there)) continue;
    findings.push_back({"annotation_conflict",
                        {Path(file).stem().string()},
                        cat(first_name,
                            ": ",
                            here.size(),
                            " boxes, ",
                            name,
                            ": ",
                            there.size(),
                            here.size() == there.size() ? " at other positions" : "",
                            "; the first format is used")});
  }
}

}  // namespace

std::optional<FracAtlasBoxes> read_fracatlas_boxes(const Path& root, const Files& files) {
  std::optional<FracAtlasBoxes> out;
  std::string first;
  for (const auto& [name, read] : kFormats) {
    const Path folder = root / "Annotations" / name;
    if (!std::filesystem::is_directory(folder)) continue;
    Annotations found = read(folder, files);
    if (found.by_file.empty()) continue;
    if (out) {
      compare(first, out->by_file, name, found.by_file, out->findings);
    } else {
      first = name;
      out = FracAtlasBoxes{std::move(found.by_file), std::move(found.findings)};
    }
  }
  return out;
}

}  // namespace evenray
