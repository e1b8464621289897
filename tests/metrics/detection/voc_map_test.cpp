// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/voc_map.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

/// The boxes as make_voc.py changes them.
CocoBoxes voc_boxes(bool difficult) {
  CocoBoxes boxes = golden_boxes();
  int true_boxes = 0, found_boxes = 0;
  for (auto& image : boxes.images) {
    std::erase_if(image.truth, [](const TrueBox& box) { return box.crowd; });
    for (auto& box : image.truth) box.difficult = ++true_boxes % 5 == 0 && difficult;
    for (auto& box : image.found) box.score = box.score * .99 + 1e-6 * ++found_boxes;
  }
  return boxes;
}

double voc_of(const ScoredImage& image, VocYear year) {
  return voc_measure({image}, {"x"}, year).values({})[0];
}

}  // namespace

TEST_CASE("VOC's average precision is that of other programs, with difficult boxes and weights") {
  const Json golden = golden_json("metrics/coco/voc.json");
  const CocoBoxes boxes = voc_boxes(true);
  const auto weights = weights_choosing(boxes.images, golden["some_images"]);
  const auto measure = [&](VocYear year, double least_overlap) {
    return voc_measure(boxes.images, boxes.class_names, year, least_overlap, /*threads=*/2);
  };
  const Measure voc07 = measure(VocYear::voc07, .5), voc12 = measure(VocYear::voc12, .5),
                at40 = measure(VocYear::voc12, .4);
  check_measure(voc07, voc07.values({}), golden["voc07"]);
  check_measure(voc12, voc12.values({}), golden["voc12"]);
  check_measure(at40, at40.values({}), golden["voc12_at40"]);
  for (const auto& [key, value] : golden["some07"].items()) {
    CAPTURE(key);
    if (value.is_null()) continue;
    CHECK(std::abs(voc07.values(weights)[key_place(voc07, key)] - value.get<double>()) < 1e-9);
    CHECK(std::abs(voc12.values(weights)[key_place(voc12, key)] -
                   golden["some12"][key].get<double>()) < 1e-9);
  }
  const CocoBoxes plain = voc_boxes(false);
  const Measure without = voc_measure(plain.images, plain.class_names, VocYear::voc12);
  check_measure(without, without.values({}), golden["plain"]);
  CHECK(error_of([&] { voc12.values(std::vector<double>{1.}); }).code() == Exit::failed);
}

TEST_CASE("VOC's average precision by hand") {
  const PixelBox first{0, 0, 10, 10}, second{50, 50, 10, 10}, elsewhere{80, 0, 10, 10};
  // One of two: recall .5, which is 0, .1, ..., .5 of the eleven.
  const ScoredImage half = image_with({first, second}, {{first, .9}});
  CHECK(voc_of(half, VocYear::voc07) == Approx(6. / 11));
  CHECK(voc_of(half, VocYear::voc12) == Approx(.5));
  // Three of ten are enough for the recall .3.
  std::vector<PixelBox> ten;
  for (int i = 0; i < 10; ++i) ten.push_back({20. * i, 0, 10, 10});
  CHECK(voc_of(image_with(ten, {{ten[0], .9}, {ten[1], .8}, {ten[2], .7}}), VocYear::voc07) ==
        Approx(4. / 11));
  // A second box on the same one is wrong, even if it overlaps a free one by the threshold.
  const PixelBox free{0, 3, 10, 10}, between{0, 1, 10, 10};
  const ScoredImage twice = image_with({first, free}, {{first, .9}, {between, .8}});
  CHECK(overlap(between, free) >= .5);
  CHECK(voc_of(twice, VocYear::voc12) == Approx(.5));
  // A crowd and a difficult box count in no way.
  ScoredImage neither = image_with({first, second}, {{second, .9}, {first, .8}});
  neither.truth[1].difficult = true;
  CHECK(voc_of(neither, VocYear::voc12) == Approx(1));
  neither.truth[1] = {{40, 40, 60, 60}, 0, 3600, /*crowd=*/true};
  CHECK(voc_of(neither, VocYear::voc12) == Approx(1));
  // No limit of 100 boxes.
  ScoredImage many = image_with({first}, {});
  for (int i = 0; i < 150; ++i) many.found.push_back({elsewhere, 0, .9});
  many.found.push_back({first, 0, .5});
  CHECK(voc_of(many, VocYear::voc12) == Approx(1. / 151));
  CHECK(std::isnan(voc_of(image_with({}, {{first, .9}}), VocYear::voc12)));
  ScoredImage huge;
  huge.truth.assign(10001, {first, 0, 100});
  huge.found.assign(10001, {first, 0, .5});
  const Error error = error_of([&] { voc_of(huge, VocYear::voc12); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "one image has 10001 found and 10001 true boxes of a class"));
}
