// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/panel.hpp"

#include <catch2/catch.hpp>

#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

TEST_CASE("the metrics of a detector have intervals over groups of images") {
  const CocoBoxes boxes = golden_boxes("patient");
  Resampling options{.draws = 200};
  const Json found = detection_metrics(boxes, options);
  CHECK(found["images"] == 24);
  CHECK(found["bootstrap"]["groups"] == 13);
  CHECK(found["classes"][2]["name"] == "Never there");
  CHECK(found["classes"][2]["boxes"] == 0);
  CHECK(found["classes"][2]["found"] > 0);
  for (const char* key : {"ap", "ap50", "Cast.ap", "Large, seldom.image_auroc"}) {
    CAPTURE(key);
    const double value = found["values"][key];
    CHECK(found["ci"][key][0] <= value);
    CHECK(found["ci"][key][1] >= value);
    CHECK(found["ci"][key][1] > found["ci"][key][0]);
  }
  CHECK(found["values"]["Never there.ap"].is_null());
  CHECK(found["ci"]["Never there.ap"].is_null());
  options.threads = 2;
  CHECK(detection_metrics(boxes, options) == found);
  // Without a field for patients, each image is a group.
  const Json alone = detection_metrics(golden_boxes(), {.draws = 0});
  CHECK(alone["bootstrap"]["groups"] == 24);
  CHECK(alone["ci"].empty());

  const std::string text = detection_text(found);
  CHECK(text.starts_with("24 images; [95 % interval, 200 draws of 13 groups]\n"));
  CHECK(contains(text, "caution: Never there: only 0 "));
  CHECK(contains(text, "\nclass          boxes  images  found  AP "));
  CHECK(contains(text, "\nap_small     .132 ["));
}

TEST_CASE("the highest score of an image says whether it has a box") {
  CocoBoxes boxes{{}, {"x"}};
  const auto add = [&](bool has_box, const std::vector<double>& scores) {
    ScoredImage& image = boxes.images.emplace_back(
        ScoredImage{cat(boxes.images.size()), cat("p", boxes.images.size())});
    if (has_box) image.truth.push_back({{0, 0, 10, 10}, 0, 100});
    for (const double score : scores) image.found.push_back({{50, 50, 4, 4}, 0, score});
  };
  add(true, {.9, .1});
  add(true, {.3});
  add(false, {.5});
  add(false, {});
  add(true, {.2});
  boxes.images.back().truth[0].crowd = true;  // says nothing
  const Json found = detection_metrics(boxes, {.draws = 50});
  // Of four pairs one is in the wrong order.
  CHECK(found["values"]["x.image_auroc"] == .75);
  CHECK(found["values"]["x.ap50"] == 0);
  CHECK(found["classes"][0]["boxes"] == 2);
  CHECK(found["ci"]["x.ap50"].is_null());
  CHECK(contains(found["cautions"][0].get<std::string>(),
                 "x: only 2 groups (fewer than 3), so there are no intervals"));
}
