// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/froc.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

std::vector<ScoredImage> froc_images(const Json& golden) {
  std::vector<ScoredImage> images;
  for (const auto& drawn : golden["images"]) {
    ScoredImage& image = images.emplace_back(ScoredImage{cat(images.size()), ""});
    for (const auto& box : drawn["truth"])
      image.truth.push_back(
          {{box[0], box[1], box[2], box[3]}, 0, 100, /*crowd=*/false, box[4] == 1});
    for (const auto& box : drawn["found"])
      image.found.push_back({{box[0], box[1], box[2], box[3]}, 0, box[4].get<double>() / 1024});
  }
  return images;
}

Measure froc_of(const std::vector<ScoredImage>& images, const HitRule& rule) {
  return froc_measure(images, {"x"}, froc_classes(images, 1, rule));
}

void check_froc(const std::vector<double>& values, const Json& expected) {
  CHECK(std::abs(values[0] - expected["score"].get<double>()) < 1e-12);
  for (size_t r = 0; r < kFrocRates.size(); ++r)
    CHECK(std::abs(values[1 + r] - expected["sensitivities"][r].get<double>()) < 1e-12);
}

}  // namespace

TEST_CASE("FROC is that of MONAI, with boxes hit twice and difficult ones") {
  const Json golden = golden_json("metrics/coco/froc.json");
  const auto images = froc_images(golden);
  const Measure measure = froc_of(images, {});
  CHECK(measure.keys[1].name == "sensitivity_0.25");
  CHECK(measure.keys[6].name == "sensitivity_8");
  CHECK(measure.keys[7].name == "x.froc");
  check_froc(measure.values({}), golden["all"]);
  check_froc(measure.values(weights_choosing(images, golden["some_images"])), golden["some"]);

  // The curve has fewer points, but the same line.
  const auto curve = froc_curve((*froc_classes(images, 1, {}))[0], images.size());
  const auto wrong = golden["all"]["wrong_per_image"].get<std::vector<double>>(),
             sensitivity = golden["all"]["sensitivity"].get<std::vector<double>>();
  CHECK(curve.size() < wrong.size());
  for (size_t i = 0; i < wrong.size(); ++i) {
    if (i + 1 < wrong.size() && wrong[i + 1] == wrong[i]) continue;
    CHECK(std::abs(sensitivity_at(curve, wrong[i]) - sensitivity[i]) < 1e-12);
  }
  CHECK(std::abs(curve.back().wrong_per_image - wrong.back()) < 1e-12);
  for (size_t r = 0; r < kFrocRates.size(); ++r)
    CHECK(std::abs(sensitivity_at(curve, kFrocRates[r]) - measure.values({})[1 + r]) < 1e-12);
}

TEST_CASE("FROC by hand: hit rules, several hits, empty images") {
  const PixelBox box{10, 10, 20, 20}, part{10, 10, 20, 6}, other{60, 60, 10, 10};
  ScoredImage image = image_with({box}, {{part, .9}, {box, .8}, {other, .7}});
  const auto hit = [&](const HitRule& rule) {
    return froc_outcomes(boxes_by_class({image}, 1)[0], rule);
  };
  // The centre of `part` is inside; its overlap is .3. The second hit counts in no way.
  CHECK(hit({}).outcomes == std::vector<uint32_t>{1, 0});
  CHECK(hit({.3}).outcomes == std::vector<uint32_t>{1, 0});
  CHECK(hit({.31}).outcomes == std::vector<uint32_t>{0, 1, 0});
  CHECK(HitRule{}.text() == "centre");
  CHECK(HitRule{.25}.text() == "overlap 0.25");
  // The lower border is inside, the upper one is not.
  const TrueBox truth{{10, 10, 20, 20}, 0, 400};
  CHECK(HitRule{}.hits({{10, 10, 0, 0}, 0, 1}, truth));
  CHECK_FALSE(HitRule{}.hits({{30, 10, 0, 0}, 0, 1}, truth));

  // A found box in two true ones hits the one that it overlaps most; the next hits the other.
  const PixelBox outer{0, 0, 40, 40};
  image = image_with({outer, box}, {{box, .9}, {box, .8}, {box, .7}});
  CHECK(hit({}).outcomes == std::vector<uint32_t>{1, 1});
  CHECK(hit({}).targets[0].score == .8);
  CHECK(hit({}).targets[1].score == .9);

  // An image without boxes halves the wrong boxes of an image: 2 in 2 images are 1.
  image = image_with({box, other}, {{box, .9}});
  ScoredImage empty{"2", ""};
  for (const double score : {.95, .85}) empty.found.push_back({other, 0, score});
  const Measure measure = froc_of({image, empty}, {});
  const auto values = measure.values({});
  CHECK(values[1] == 0);           // .25: before the first point, level at 0
  CHECK(values[2] == Approx(.5));  // .5: the higher of two points
  CHECK(values[6] == Approx(.5));
  CHECK(values[0] == Approx(5 * .5 / 6));
  CHECK(std::isnan(measure.values(std::vector<double>{0, 1})[0]));
  const auto ranked = froc_outcomes(boxes_by_class({image, empty}, 1)[0], {});
  CHECK(score_at_wrong(ranked, 2, .5) == .9);
  CHECK(score_at_wrong(ranked, 2, 1) == .85);
  CHECK(score_at_wrong(ranked, 2, .25) == std::numeric_limits<double>::infinity());
}
