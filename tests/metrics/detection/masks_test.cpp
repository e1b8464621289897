// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/masks.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "metrics/detection/coco_map.hpp"
#include "metrics/detection/coco_masks.hpp"
#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

Mask mask_text(const std::string& json, int64_t height = 4, int64_t width = 3) {
  return coco_mask(parse_json(json, "test"), height, width);
}

std::string mask_fault(const std::string& json) {
  const Error error = error_of([&] { mask_text(json); });
  CHECK(error.code() == Exit::bad_data);
  return error.what();
}

}  // namespace

TEST_CASE("polygons become the run lengths of pycocotools") {
  const Json golden = golden_json("metrics/coco/masks.json");
  REQUIRE(golden.size() == 48);
  for (const auto& one : golden) {
    CAPTURE(one.dump());
    const int64_t height = one["size"][0], width = one["size"][1];
    const Mask drawn = Mask::polygon(height, width, one["polygon"].get<std::vector<double>>());
    const Mask expected = Mask::compressed(height, width, one["counts"].get<std::string>());
    CHECK(drawn.area() == expected.area());
    CHECK(drawn.runs() == expected.runs());
    CHECK(drawn.text() == one["counts"]);
    CHECK(Mask::of_pixels(height, width, drawn.pixels()).runs() == drawn.runs());
  }
}

TEST_CASE("average precision of masks is that of pycocotools") {
  const Json golden = golden_json("metrics/coco/mask_values.json");
  const CocoBoxes boxes = golden_masks({.masks = true});
  const Measure measure = coco_measure(boxes.images, boxes.class_names, /*threads=*/2);
  check_measure(measure, measure.values({}), golden["all"]);
  // The boxes of the same objects have other values.
  CocoBoxes outlines = boxes;
  for (auto& image : outlines.images)
    for (auto& box : image.found) box.mask = nullptr;
  const Measure of_boxes = coco_measure(outlines.images, outlines.class_names);
  CHECK(std::abs(of_boxes.values({})[0] - measure.values({})[0]) > .01);
}

TEST_CASE("masks by hand: runs, boxes, overlaps, unions") {
  // Columns of 4 pixels: two in the first, all of the second.
  const Mask mask = mask_text(R"({"size":[4,3],"counts":[2,6,4]})");
  CHECK(mask.area() == 6);
  CHECK(mask.box().x == 0);
  CHECK(mask.box().y == 0);
  CHECK(mask.box().width == 2);
  CHECK(mask.box().height == 4);
  const Mask one = mask_text(R"({"size":[4,3],"counts":[5,1,6]})");
  CHECK(one.box().x == 1);
  CHECK(one.box().y == 1);
  CHECK(one.box().width == 1);
  CHECK(one.box().height == 1);
  CHECK(overlap(mask, one) == Approx(1. / 6));
  CHECK(overlap(one, mask, /*crowd=*/true) == 1);
  const Mask last = mask_text(R"({"size":[4,3],"counts":[11,1]})");
  CHECK(overlap(one, last) == 0);
  CHECK(one.united(last).runs() == std::vector<uint32_t>{5, 1, 5, 1});
  CHECK(mask.united(one).runs() == mask.runs());
  // Runs of 0 change nothing.
  const Mask split = mask_text(R"({"size":[4,3],"counts":[0,0,2,3,0,3,4,0]})");
  CHECK(overlap(split, mask) == 1);
  const Mask none = mask_text(R"({"size":[4,3],"counts":[12]})");
  CHECK(none.area() == 0);
  CHECK(none.box().area() == 0);
  CHECK(overlap(none, none) == 0);
  // Two polygons of one object are united.
  CHECK(mask_text("[[0,0,1,0,1,4,0,4],[2,0,3,0,3,4,2,4]]").runs() ==
        std::vector<uint32_t>{0, 4, 4, 4});
}

TEST_CASE("masks that are refused") {
  CHECK(contains(mask_fault("[[1,2,3,4]]"), "a polygon has fewer than 3 points"));
  CHECK(contains(mask_fault("[[1,2,3,4,5,6,7]]"), "an odd number of coordinates"));
  CHECK(contains(mask_fault("[[1,2,3,4,5,NaN]]"), "a coordinate that is no number"));
  CHECK(contains(mask_fault("[[1,2,3,4,5,1e300]]"), "a point far outside its image"));
  CHECK(contains(mask_fault("[[1,2,3,4,5,9]]"), "a point far outside its image"));
  CHECK(contains(mask_fault("[]"), "has no polygon"));
  CHECK(contains(mask_fault("[1,2,3,4,5,6]"), "must be a list of polygons"));
  CHECK(contains(mask_fault("7"), "must be a list of polygons"));
  CHECK(contains(mask_fault(R"({"size":[3,4],"counts":[12]})"), "is not [4, 3]"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":[11]})"), "have 11 pixels, not 4 x 3"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":[]})"), "have 0 pixels"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":[-1,13]})"), "whole numbers from 0 on"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":[1.5,10.5]})"), "whole numbers from 0 on"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":[4294967296]})"), "from 0 on"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":"P"})"), "end within a number"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":" "})"), "that is not COCO's"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":"ooooooooo"})"), "that is not COCO's"));
  CHECK(contains(mask_fault(R"({"size":[4,3],"counts":"O"})"), "below 0 or too long"));
  CHECK(contains(mask_fault(R"({"size":[4,3]})"), "counts"));
  // A long way over a large image.
  std::vector<double> zigzag;
  for (int i = 0; i < 100; ++i) zigzag.insert(zigzag.end(), {i % 2 * 60000., 1. * i});
  CHECK(contains(error_of([&] { Mask::polygon(60000, 60000, zigzag); }).what(), "is too long"));
  CHECK(error_of([&] { Mask(70000, 10, {700000}); }).code() == Exit::bad_data);
}
