// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "metrics/detection/coco_files.hpp"
#include "metrics/detection/measure.hpp"
#include "tests/fixture.hpp"

namespace evenray {

/// The drawn boxes of make_coco.py.
inline CocoBoxes golden_boxes(const std::string& group_by = "") {
  return read_coco_boxes(golden_path("metrics/coco/annotations.json"),
                         golden_path("metrics/coco/detections.json"),
                         group_by);
}

/// The drawn masks of make_masks.py.
inline CocoBoxes golden_masks(const CocoFields& fields) {
  return read_coco_boxes(golden_path("metrics/coco/mask_annotations.json"),
                         golden_path("metrics/coco/mask_detections.json"),
                         "patient",
                         /*threads=*/1,
                         fields);
}

/// Weights that choose images by their numbers.
inline std::vector<double> weights_choosing(const std::vector<ScoredImage>& images,
                                            const Json& numbers) {
  std::vector<double> weights;
  for (const auto& image : images)
    weights.push_back(
        static_cast<double>(std::count(numbers.begin(), numbers.end(), std::stoi(image.id))));
  return weights;
}

inline size_t key_place(const Measure& measure, const std::string& name) {
  for (size_t k = 0; k < measure.keys.size(); ++k)
    if (measure.keys[k].name == name) return k;
  FAIL(name);
  return 0;
}

/// Checks a measure against {key: value}.
inline void check_measure(const Measure& measure,
                          const std::vector<double>& values,
                          const Json& expected) {
  REQUIRE(values.size() == measure.keys.size());
  for (const auto& [name, value] : expected.items()) {
    CAPTURE(name);
    const double found = values[key_place(measure, name)];
    if (value.is_null())
      CHECK(std::isnan(found));
    else
      CHECK(std::abs(found - value.get<double>()) < 1e-9);
  }
}

/// An image with these boxes of class 0.
inline ScoredImage image_with(const std::vector<PixelBox>& truth,
                              const std::vector<std::pair<PixelBox, double>>& found,
                              const std::string& group = "") {
  ScoredImage image{"1", group};
  for (const auto& box : truth) image.truth.push_back({box, 0, box.area()});
  for (const auto& [box, score] : found) image.found.push_back({box, 0, score});
  return image;
}

}  // namespace evenray
