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

void add(const Path& source, std::vector<ListedBox>&& boxes, std::vector<Box>& into) {
  for (auto& [class_name, box] : boxes) {
    check(lower(class_name) == "fractured",
          Exit::bad_data,
          cat(source.string(), ": ", unknown_name("category", class_name, {"fractured"})));
    into.push_back(std::move(box));
  }
}

ByFile read_coco_folder(const Path& folder, const Files&) {
  ByFile out;
  const auto files = files_with_extension(folder, {".json"});
  if (files.empty()) return out;
  for (auto& image : read_coco_file(files[0]).images)
    add(files[0], std::move(image.boxes), out[image.file]);
  return out;
}

/// Reads the polygons of the VGG Image Annotator.
ByFile read_vgg_folder(const Path& folder, const Files&) {
  ByFile out;
  const auto files = files_with_extension(folder, {".json"});
  if (files.empty()) return out;
  const Json vgg = read_json(files[0]);
  try {
    for (const auto& image : vgg) {
      std::vector<ListedBox> boxes;
      for (const auto& region : image.at("regions")) {
        const Json& shape = region.at("shape_attributes");
        const auto x = shape.at("all_points_x").get<std::vector<float>>();
        const auto y = shape.at("all_points_y").get<std::vector<float>>();
        check(x.size() >= 3 && x.size() == y.size(),
              Exit::bad_data,
              files[0].string() + ": a polygon must be a list of at least three points");
        auto& ring = boxes.emplace_back().box.rings.emplace_back();
        for (size_t i = 0; i < x.size(); ++i) ring.emplace_back(x[i], y[i]);
        boxes.back().class_name = region.at("region_attributes").at("label").get<std::string>();
        boxes.back().box = bounds_of(std::move(boxes.back().box.rings));
      }
      add(files[0], std::move(boxes), out[image.at("filename").get<std::string>()]);
    }
  } catch (const Json::exception& error) {
    throw Error(Exit::bad_data,
                cat(files[0].string(), ": not a VGG annotation file: ", error.what()));
  }
  return out;
}

ByFile read_voc_folder(const Path& folder, const Files& files) {
  ByFile out;
  for (const auto& file : files_with_extension(folder, {".xml"})) {
    ListedImage image = read_voc_file(file);
    if (files.contains(image.file)) add(file, std::move(image.boxes), out[image.file]);
  }
  return out;
}

ByFile read_yolo_folder(const Path& folder, const Files& files) {
  ByFile out;
  for (const auto& [name, image] : files) {
    const Path labels = folder / Path(name).stem().concat(".txt");
    if (std::filesystem::is_regular_file(labels))
      add(labels,
          read_yolo_file(labels, image, {"fractured"}).value_or(std::vector<ListedBox>()),
          out[name]);
  }
  return out;
}

struct Format {
  const char* folder;
  ByFile (*read)(const Path& folder, const Files& files);
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
    ByFile boxes = read(folder, files);
    if (boxes.empty()) continue;
    if (out) {
      compare(first, out->by_file, name, boxes, out->findings);
    } else {
      first = name;
      out = FracAtlasBoxes{std::move(boxes), {}};
    }
  }
  return out;
}

}  // namespace evenray
