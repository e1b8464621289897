// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/scored_boxes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/detection/detection_measure.hpp"

namespace evenray {
namespace {

constexpr std::array kOwnValues{"ap50", "ap", "froc", "image_auroc"};
constexpr std::array kClassValues{"ap50", "ap"};

CocoBoxes joined_folds(std::vector<CocoBoxes> folds) {
  CocoBoxes out = folds.empty() ? CocoBoxes{} : std::move(folds[0]);
  for (auto& image : out.images) image.fold = "0";
  for (size_t f = 1; f < folds.size(); ++f) {
    check(folds[f].class_names == out.class_names,
          Exit::bad_data,
          "the boxes of two folds have different classes");
    for (auto& image : folds[f].images) {
      image.fold = std::to_string(f);
      out.images.push_back(std::move(image));
    }
  }
  out.folds = folds.size() > 1;
  std::set<std::string> names;
  for (const auto& image : out.images)
    check(!image.name.empty() && names.insert(image.name).second,
          Exit::bad_data,
          cat("the image '", image.name, "' of a fold has no name, or its name occurs twice"));
  return out;
}

/// Returns the name and the true boxes of an image, so that models tested on other boxes differ.
std::string row_of(const ScoredImage& image) {
  std::string out = image.name;
  for (const auto& one : image.truth)
    out += cat(" ",
               one.class_index,
               ":",
               one.box.x,
               ",",
               one.box.y,
               ",",
               one.box.width,
               ",",
               one.box.height);
  return out;
}

std::vector<std::string> classes_with_boxes(const CocoBoxes& boxes) {
  std::set<int> found;
  for (const auto& image : boxes.images)
    for (const auto& one : image.truth) found.insert(one.class_index);
  std::vector<std::string> out;
  for (const int c : found) out.push_back(boxes.class_names[static_cast<size_t>(c)]);
  return out;
}

}  // namespace

Scored score_boxes(std::vector<CocoBoxes> folds, const std::string& class_name) {
  const CocoBoxes boxes = joined_folds(std::move(folds));
  Scored out;
  // {key, key of the measure}
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const char* value : kOwnValues) wanted.emplace_back(value, cat(class_name, ".", value));
  if (const auto classes = classes_with_boxes(boxes); classes.size() > 1) {
    for (const auto& name : classes)
      for (const char* value : kClassValues)
        wanted.emplace_back(cat(name, ".", value), cat(name, ".", value));
    for (const char* value : kClassValues) wanted.emplace_back(cat("macro.", value), value);
  }
  for (const auto& [key, of_measure] : wanted) out.keys.push_back(key);
  out.supports.resize(wanted.size());
  if (boxes.images.empty()) {
    out.values = [count = wanted.size()](std::span<const double>) {
      return std::vector<double>(count, NAN);
    };
    return out;
  }
  const auto known = std::find(boxes.class_names.begin(), boxes.class_names.end(), class_name);
  check(known != boxes.class_names.end(),
        Exit::bad_data,
        unknown_name("class", class_name, boxes.class_names));
  const int index = static_cast<int>(known - boxes.class_names.begin());
  for (const auto& image : boxes.images) {
    out.rows.push_back(row_of(image));
    out.groups.push_back(image.group);
    if (boxes.folds) out.strata.push_back(image.fold);
    out.positives += std::any_of(image.truth.begin(), image.truth.end(), [&](const TrueBox& one) {
      return one.class_index == index;
    });
  }
  out.known = std::ssize(boxes.images);
  const Measure measure = detection_measure(boxes, Division{}, DetectionOptions{}, /*threads=*/1);
  std::vector<size_t> places;
  for (size_t k = 0; k < wanted.size(); ++k) {
    const auto key =
        std::find_if(measure.keys.begin(), measure.keys.end(), [&](const ValueKey& one) {
          return one.name == wanted[k].second;
        });
    places.push_back(static_cast<size_t>(key - measure.keys.begin()));
    out.supports[k] = measure.keys.at(places.back()).support;
  }
  out.values = [measure, places](std::span<const double> weights) {
    const auto all = measure.values(weights);
    std::vector<double> values;
    for (const size_t place : places) values.push_back(all[place]);
    return values;
  };
  return out;
}

}  // namespace evenray
