// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/scored_boxes.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/error.hpp"
#include "metrics/detection/detection_measure.hpp"
#include "tests/fixture.hpp"
#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

/// The golden boxes with names, in `folds` folds by turns.
std::vector<CocoBoxes> named_folds(size_t folds) {
  const CocoBoxes all = golden_boxes();
  std::vector<CocoBoxes> out(folds, CocoBoxes{{}, all.class_names});
  for (size_t i = 0; i < all.images.size(); ++i) {
    out[i % folds].images.push_back(all.images[i]);
    out[i % folds].images.back().name = cat("image", i);
  }
  return out;
}

double value_of(const Scored& scored, const std::string& key) {
  for (size_t k = 0; k < scored.keys.size(); ++k)
    if (scored.keys[k] == key) return scored.values({})[k];
  FAIL(key);
  return NAN;
}

}  // namespace

TEST_CASE("the values of a study are those of detect metrics") {
  auto folds = named_folds(1);
  const CocoBoxes boxes = folds[0];
  const std::string name = boxes.class_names[0];
  const Scored scored = score_boxes(folds, name);
  REQUIRE(scored.keys.size() >= 4);
  CHECK(scored.keys[0] == "ap50");
  CHECK(scored.strata.empty());
  CHECK(scored.known == std::ssize(boxes.images));
  const Measure measure = detection_measure(boxes, Division{}, DetectionOptions{}, 1);
  const auto values = measure.values({});
  for (const char* key : {"ap50", "ap", "froc", "image_auroc"})
    CHECK(value_of(scored, key) == values[key_place(measure, cat(name, ".", key))]);
  CHECK(value_of(scored, "macro.ap") == values[key_place(measure, "ap")]);
  CHECK(value_of(scored, name + ".ap50") == value_of(scored, "ap50"));
}

TEST_CASE("values of folds are averaged, and folds are strata") {
  const auto folds = named_folds(2);
  const std::string name = folds[0].class_names[0];
  const Scored both = score_boxes(folds, name);
  const Scored first = score_boxes({folds[0]}, name), second = score_boxes({folds[1]}, name);
  CHECK(value_of(both, "ap50") ==
        Approx((value_of(first, "ap50") + value_of(second, "ap50")) / 2).margin(1e-12));
  REQUIRE(both.strata.size() == both.rows.size());
  CHECK(both.strata.front() == "0");
  CHECK(both.strata.back() == "1");
  CHECK(both.supports[0].positive == first.supports[0].positive + second.supports[0].positive);
}

TEST_CASE("boxes of other models or with names that do not differ are refused") {
  auto folds = named_folds(2);
  const std::string name = folds[0].class_names[0];
  CHECK_THROWS_AS(score_boxes(folds, "no such class"), Error);
  CHECK_THROWS_AS(score_boxes({folds[0], folds[0]}, name), Error);
  auto other = folds;
  other[1].class_names.push_back("further");
  CHECK_THROWS_AS(score_boxes(other, name), Error);
  // Other true boxes are other rows, so that a study refuses to compare them.
  auto moved = folds;
  for (auto& image : moved[0].images)
    for (auto& one : image.truth) one.box.x += 1;
  CHECK(score_boxes(moved, name).rows != score_boxes(folds, name).rows);
}

TEST_CASE("without results a study still knows the names of its values") {
  const Scored none = score_boxes({}, "Cast");
  CHECK(none.keys == std::vector<std::string>{"ap50", "ap", "froc", "image_auroc"});
  CHECK(none.values({}).size() == 4);
  CHECK(std::isnan(none.values({})[0]));
}
