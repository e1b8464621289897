// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_files.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <variant>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "metrics/detection/coco_masks.hpp"
#include "metrics/detection/json_list.hpp"
#include "metrics/metrics.hpp"

namespace evenray {
namespace {

/// Numbers come before texts.
using CocoId = std::variant<int64_t, std::string>;
using Places = std::map<CocoId, size_t>;

/// Messages are built only where they are thrown: there are many boxes.
[[noreturn]] void refuse(const std::string& message) { throw Error(Exit::bad_data, message); }

CocoId coco_id(const Json& object, const char* key) {
  const Json& value = json_field(object, key);
  constexpr double kMostExact = 9007199254740992.;  // 2^53
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned()
          ? value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()}
          : value.is_number_integer())
    return value.get<int64_t>();
  if (value.is_number_float()) {
    const double number = value;
    if (number == std::floor(number) && std::abs(number) < kMostExact)
      return static_cast<int64_t>(number);
  }
  refuse(cat("'", key, "' must be a whole number or a text"));
}

std::string id_text(const CocoId& id) {
  if (const auto* text = std::get_if<std::string>(&id)) return *text;
  return cat(std::get<int64_t>(id));
}

double finite_value(const Json& value, const char* key) {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    refuse(cat("'", key, "' must be a finite number"));
  return value;
}

PixelBox pixel_box(const Json& object) {
  const Json& numbers = json_list(object, "bbox");
  if (numbers.size() != 4) refuse("'bbox' must be [x, y, width, height]");
  const PixelBox box{finite_value(numbers[0], "bbox"),
                     finite_value(numbers[1], "bbox"),
                     finite_value(numbers[2], "bbox"),
                     finite_value(numbers[3], "bbox")};
  if (box.width < 0 || box.height < 0) refuse("a side of 'bbox' is below 0");
  if (!std::isfinite(box.area())) refuse("'bbox' is too large");
  return box;
}

size_t place_of(const Places& places, const Json& object, const char* key) {
  const CocoId id = coco_id(object, key);
  const auto found = places.find(id);
  if (found == places.end()) refuse(cat("'", key, "' ", id_text(id), " is not listed"));
  return found->second;
}

bool is_set(const Json& annotation, const char* key) {
  const auto value = annotation.find(key);
  if (value == annotation.end() || *value == 0 || *value == false) return false;
  if (*value != 1 && *value != true) refuse(cat("'", key, "' must be 0 or 1"));
  return true;
}

/// Height and width of an image; 0 where masks are not read.
struct ImageSize {
  int64_t height = 0, width = 0;
};

ImageSize image_size(const Json& image) {
  const auto side = [&](const char* key) -> int64_t {
    const Json& value = json_field(image, key);
    if (!value.is_number_unsigned() || value == 0 || value.get<uint64_t>() > 65535)
      refuse(cat("'", key, "' must be a whole number from 1 to 65535, to read masks"));
    return value;
  };
  return {side("height"), side("width")};
}

/// Null where masks are not read.
std::shared_ptr<const Mask> mask_of(const Json& object, const ImageSize& size) {
  if (size.height == 0) return nullptr;
  return std::make_shared<const Mask>(
      coco_mask(json_field(object, "segmentation"), size.height, size.width));
}

TrueBox true_box(const Json& annotation, const Places& categories, const ImageSize& size) {
  TrueBox out;
  out.mask = mask_of(annotation, size);
  out.box = out.mask && !annotation.contains("bbox") ? out.mask->box() : pixel_box(annotation);
  out.class_index = static_cast<int>(place_of(categories, annotation, "category_id"));
  const auto area = annotation.find("area");
  out.area = area != annotation.end() ? finite_value(*area, "area")
             : out.mask               ? static_cast<double>(out.mask->area())
                                      : out.box.area();
  if (out.area < 0) refuse("'area' is below 0");
  out.crowd = is_set(annotation, "iscrowd");
  out.difficult = is_set(annotation, "difficult") || is_set(annotation, "ignore");
  return out;
}

FoundBox found_box(const Json& detection, const Places& categories, const ImageSize& size) {
  FoundBox out;
  out.mask = mask_of(detection, size);
  out.box = out.mask ? out.mask->box() : pixel_box(detection);
  out.class_index = static_cast<int>(place_of(categories, detection, "category_id"));
  out.score = finite_value(json_field(detection, "score"), "score");
  if (out.score < 0 || out.score > 1) refuse("'score' must be from 0 to 1");
  return out;
}

/// A field of an image as a text; "" for null, and without a name.
std::string image_field(const Json& image, const std::string& name) {
  if (name.empty()) return "";
  const Json& value = json_field(image, name.c_str());
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number()) refuse(cat("'", name, "' must be a text or a number"));
  return value.dump();
}

ScoredImage listed_image(const CocoId& id,
                         const Json& image,
                         const std::string& group_by,
                         const CocoFields& fields) {
  ScoredImage out{id_text(id), image_field(image, group_by)};
  out.fold = image_field(image, fields.fold_by);
  if (out.fold.empty() && !fields.fold_by.empty())
    refuse(cat("'", fields.fold_by, "' is empty; each image must be in a fold"));
  for (const auto& column : fields.columns) out.columns.push_back(image_field(image, column));
  const auto name = image.find("file_name");
  if (name != image.end() && name->is_string()) out.name = *name;
  return out;
}

/// Refuses a group in two folds: what was trained on one of its images was tested on another.
void check_folds(const std::vector<ScoredImage>& images, const std::string& fold_by) {
  std::map<std::string, std::string> fold_of;
  for (const auto& image : images) {
    if (image.group.empty()) continue;
    const auto [first, is_new] = fold_of.emplace(image.group, image.fold);
    if (!is_new && first->second != image.fold)
      refuse(cat("group '",
                 image.group,
                 "' is in the folds '",
                 first->second,
                 "' and '",
                 image.fold,
                 "' of '",
                 fold_by,
                 "'; all images of a group must be in one fold"));
  }
}

void check_columns(const CocoBoxes& boxes) {
  for (size_t c = 0; c < boxes.columns.size(); ++c) {
    std::vector<std::string> values;
    for (const auto& image : boxes.images) values.push_back(image.columns[c]);
    check_few_values(boxes.columns[c], values);
  }
}

/// Calls `read`; adds to errors which item it was.
template <class Read>
void read_item(const std::string& what, size_t number, const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    throw Error(error.code(), cat(what, " ", number, ": ", error.what()));
  }
}

template <class Read>
void each_item(const Json& list, const std::string& what, const Read& read) {
  for (size_t i = 0; i < list.size(); ++i) read_item(what, i, [&] { read(list[i]); });
}

/// Reads a list of items with ids; calls `add` for them in the order of their ids. Returns their
/// places in this order.
template <class Add>
Places read_listed(const Json& list, const std::string& what, const Add& add) {
  if (list.empty()) refuse(cat(what, ": there is none"));
  std::map<CocoId, const Json*> items;
  each_item(list, what, [&](const Json& item) {
    const CocoId id = coco_id(item, "id");
    if (!items.emplace(id, &item).second) refuse(cat("id ", id_text(id), " occurs twice"));
  });
  Places places;
  for (const auto& [id, item] : items) {
    const size_t place = places.size();
    places.emplace(id, place);
    try {
      add(id, *item);
    } catch (const Error& error) {
      throw Error(error.code(), cat(what, " with id ", id_text(id), ": ", error.what()));
    }
  }
  return places;
}

}  // namespace

CocoBoxes boxes_only(CocoBoxes boxes) {
  boxes.masks = false;
  for (auto& image : boxes.images) {
    for (auto& one : image.truth) one.mask = nullptr;
    for (auto& one : image.found) one.mask = nullptr;
  }
  return boxes;
}

CocoBoxes masks_only(CocoBoxes boxes) {
  for (auto& image : boxes.images)
    for (auto& one : image.found) one.box = one.mask->box();
  return boxes;
}

CocoBoxes read_coco_boxes(const Path& annotations,
                          const Path& detections,
                          const std::string& group_by,
                          int threads,
                          const CocoFields& fields) {
  return coco_boxes(read_json(annotations), annotations, detections, group_by, threads, fields);
}

CocoBoxes coco_boxes(const Json& truth,
                     const Path& annotations,
                     const Path& detections,
                     const std::string& group_by,
                     int threads,
                     const CocoFields& fields) {
  CocoBoxes out{{}, {}, fields.columns, fields.masks, !fields.fold_by.empty()};
  const std::string in_truth = annotations.string() + ": ",
                    found_name = detections.string() + ": detection";
  for (const char* key : {"images", "categories", "annotations"})
    if (!truth.is_object() || !truth.contains(key) || !truth.at(key).is_array())
      refuse(cat(in_truth, "there is no list '", key, "'"));
  std::vector<ImageSize> sizes;
  const Places images =
      read_listed(truth.at("images"), in_truth + "image", [&](const CocoId& id, const Json& image) {
        sizes.push_back(fields.masks ? image_size(image) : ImageSize{});
        out.images.push_back(listed_image(id, image, group_by, fields));
      });
  if (out.folds) check_folds(out.images, fields.fold_by);
  check_columns(out);
  std::set<std::string> names;
  const Places classes = read_listed(
      truth.at("categories"), in_truth + "category", [&](const CocoId&, const Json& category) {
        out.class_names.push_back(json_text_field(category, "name"));
        if (out.class_names.back().empty()) refuse("'name' is empty");
        if (!names.insert(out.class_names.back()).second)
          refuse(cat("the name '", out.class_names.back(), "' occurs twice"));
      });
  each_item(truth.at("annotations"), in_truth + "annotation", [&](const Json& annotation) {
    const size_t image = place_of(images, annotation, "image_id");
    out.images[image].truth.push_back(true_box(annotation, classes, sizes[image]));
  });
  std::vector<std::vector<std::pair<size_t, FoundBox>>> parts;
  read_json_list(
      detections,
      threads,
      [&](size_t count) { parts.resize(count); },
      [&](size_t part, size_t number, const Json& detection) {
        read_item(found_name, number, [&] {
          const size_t image = place_of(images, detection, "image_id");
          parts[part].emplace_back(image, found_box(detection, classes, sizes[image]));
        });
      });
  for (auto& part : parts) {
    for (auto& [image, box] : part) out.images[image].found.push_back(std::move(box));
    part = {};
  }
  return out;
}

}  // namespace evenray
