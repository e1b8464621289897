// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_files.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <variant>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"

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

bool is_crowd(const Json& annotation) {
  const auto crowd = annotation.find("iscrowd");
  if (crowd == annotation.end() || *crowd == 0 || *crowd == false) return false;
  if (*crowd != 1 && *crowd != true) refuse("'iscrowd' must be 0 or 1");
  return true;
}

TrueBox true_box(const Json& annotation, const Places& categories) {
  const PixelBox box = pixel_box(annotation);
  const auto area = annotation.find("area");
  const TrueBox out{box,
                    static_cast<int>(place_of(categories, annotation, "category_id")),
                    area == annotation.end() ? box.area() : finite_value(*area, "area"),
                    is_crowd(annotation)};
  if (out.area < 0) refuse("'area' is below 0");
  return out;
}

FoundBox found_box(const Json& detection, const Places& categories) {
  const FoundBox out{pixel_box(detection),
                     static_cast<int>(place_of(categories, detection, "category_id")),
                     finite_value(json_field(detection, "score"), "score")};
  if (out.score < 0 || out.score > 1) refuse("'score' must be from 0 to 1");
  return out;
}

std::string group_of(const Json& image, const std::string& group_by) {
  if (group_by.empty()) return "";
  const Json& group = json_field(image, group_by.c_str());
  if (group.is_null()) return "";
  if (group.is_string()) return group.get<std::string>();
  if (!group.is_number()) refuse(cat("'", group_by, "' must be a text or a number"));
  return group.dump();
}

/// Calls `read` for each item of a list; adds to errors which item it was.
template <class Read>
void each_item(const Json& list, const std::string& what, const Read& read) {
  for (size_t i = 0; i < list.size(); ++i) {
    try {
      read(list[i]);
    } catch (const Error& error) {
      throw Error(error.code(), cat(what, " ", i, ": ", error.what()));
    }
  }
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

CocoBoxes read_coco_boxes(const Path& annotations,
                          const Path& detections,
                          const std::string& group_by,
                          int threads) {
  Json truth, found;
  parallel_for(2, threads, [&](size_t i) {
    (i == 0 ? truth : found) = read_json(i == 0 ? annotations : detections);
  });
  CocoBoxes out;
  const std::string in_truth = annotations.string() + ": ", in_found = detections.string() + ": ";
  for (const char* key : {"images", "categories", "annotations"})
    if (!truth.is_object() || !truth.contains(key) || !truth[key].is_array())
      refuse(cat(in_truth, "there is no list '", key, "'"));
  if (!found.is_array()) refuse(cat(in_found, "detections must be a list of boxes"));
  const Places images =
      read_listed(truth["images"], in_truth + "image", [&](const CocoId& id, const Json& image) {
        out.images.push_back({id_text(id), group_of(image, group_by)});
      });
  std::set<std::string> names;
  const Places classes = read_listed(
      truth["categories"], in_truth + "category", [&](const CocoId&, const Json& category) {
        out.class_names.push_back(json_text_field(category, "name"));
        if (out.class_names.back().empty()) refuse("'name' is empty");
        if (!names.insert(out.class_names.back()).second)
          refuse(cat("the name '", out.class_names.back(), "' occurs twice"));
      });
  each_item(truth["annotations"], in_truth + "annotation", [&](const Json& annotation) {
    out.images[place_of(images, annotation, "image_id")].truth.push_back(
        true_box(annotation, classes));
  });
  each_item(found, in_found + "detection", [&](const Json& detection) {
    out.images[place_of(images, detection, "image_id")].found.push_back(
        found_box(detection, classes));
  });
  return out;
}

}  // namespace evenray
