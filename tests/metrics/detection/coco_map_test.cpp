// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_map.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

void check_values(const CocoMap& map, const std::vector<double>& values, const Json& expected) {
  REQUIRE(values.size() == expected.size());
  for (size_t k = 0; k < values.size(); ++k) {
    CAPTURE(map.keys()[k].name);
    const Json& value = expected.at(map.keys()[k].name);
    if (value.is_null())
      CHECK(std::isnan(values[k]));
    else
      CHECK(std::abs(values[k] - value.get<double>()) < 1e-9);
  }
}

double value_named(const CocoMap& map, const std::string& name) {
  const auto values = map.values();
  for (size_t k = 0; k < values.size(); ++k)
    if (map.keys()[k].name == name) return values[k];
  FAIL(name);
  return NAN;
}

double ap50_of(const ScoredImage& image) { return value_named(CocoMap({image}, {"x"}), "ap50"); }

}  // namespace

TEST_CASE("average precision is that of pycocotools, with crowds, areas, ties and 100 boxes") {
  const Json golden = golden_json("metrics/coco/values.json");
  const CocoBoxes boxes = golden_boxes();
  const CocoMap map(boxes.images, boxes.class_names, /*threads=*/2);
  check_values(map, map.values(), golden["all"]);

  // Weights choose images.
  check_values(
      map, map.values(weights_choosing(boxes.images, golden["some_images"])), golden["some"]);
  CHECK(error_of([&] { map.values(std::vector<double>{1.}); }).code() == Exit::failed);
}

TEST_CASE("a weight of 2 is an image twice, where scores differ") {
  CocoBoxes boxes = golden_boxes();
  int number = 0;
  for (auto& image : boxes.images)
    for (auto& found : image.found) found.score += 1e-7 * ++number;
  std::vector<double> weights;
  std::vector<ScoredImage> repeated;
  for (size_t i = 0; i < boxes.images.size(); ++i) {
    weights.push_back(static_cast<double>(i % 3));
    for (size_t times = 0; times < i % 3; ++times) repeated.push_back(boxes.images[i]);
  }
  const auto weighted = CocoMap(boxes.images, boxes.class_names).values(weights);
  const auto expected = CocoMap(repeated, boxes.class_names).values();
  for (size_t k = 0; k < expected.size(); ++k) {
    CAPTURE(k);
    CHECK(std::isnan(weighted[k]) == std::isnan(expected[k]));
    if (!std::isnan(expected[k])) CHECK(std::abs(weighted[k] - expected[k]) < 1e-9);
  }
}

TEST_CASE("a class that a draw leaves out is not left out of its mean") {
  const PixelBox box{0, 0, 10, 10};
  ScoredImage first = image_with({box}, {{box, .9}}), second = image_with({box}, {});
  second.truth[0].class_index = 1;
  const CocoMap map({first, second}, {"x", "y", "never"});
  CHECK(value_named(map, "ap") == Approx(.5));
  CHECK(std::isnan(map.values(std::vector<double>{1., 0.})[0]));
  CHECK(map.images_with_boxes(1, AreaRange::small) == std::vector<size_t>{1});
  CHECK(map.images_with_boxes(1, AreaRange::large).empty());
}

TEST_CASE("COCO's average precision by hand") {
  const PixelBox first{0, 0, 10, 10}, second{50, 50, 10, 10}, elsewhere{80, 0, 10, 10};
  CHECK(ap50_of(image_with({first}, {{first, .9}})) == Approx(1));
  CHECK(ap50_of(image_with({first}, {})) == 0);
  // The wrong box comes first: precision 1/2 at all recalls.
  CHECK(ap50_of(image_with({first}, {{elsewhere, .9}, {first, .8}})) == Approx(.5));
  // One of two is found: precision 1 at the recalls 0 to .5, which are 51 of 101.
  CHECK(ap50_of(image_with({first, second}, {{first, .9}})) == Approx(51. / 101));
  // A second box on the same finding is wrong.
  CHECK(ap50_of(image_with({first, second}, {{first, .9}, {first, .8}, {second, .7}})) ==
        Approx((51 + 50 * 2. / 3) / 101));
  // A box on a crowd is neither right nor wrong.
  ScoredImage crowd = image_with({first, second}, {{second, .9}, {second, .8}, {first, .7}});
  crowd.truth[1].crowd = true;
  CHECK(ap50_of(crowd) == Approx(1));
  // Without an area there is no overlap.
  const PixelBox point{5, 5, 0, 0};
  CHECK(ap50_of(image_with({point, first}, {{point, .9}, {first, .8}})) == Approx(.5 * 51 / 101));
  CHECK(overlap(first, {5, 0, 10, 10}) == Approx(1. / 3));
  CHECK(overlap(first, {5, 0, 10, 10}, /*crowd=*/true) == Approx(.5));
  CHECK(overlap(first, {10, 0, 10, 10}) == 0);
  CHECK(error_of([&] { CocoMap({image_with({first}, {})}, {}); }).code() == Exit::failed);
}
