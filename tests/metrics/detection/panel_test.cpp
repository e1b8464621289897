// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/panel.hpp"

#include <catch2/catch.hpp>
#include <cmath>

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
  CHECK(contains(text, "\nap_small          .132 ["));
  CHECK(contains(text, "\nsensitivity_8     "));
  CHECK(contains(text, "\nbox_size   images  boxes  recall at 1 wrong box per image\nsmall "));
}

TEST_CASE("the metrics of a detector: style, FROC curves, sizes") {
  const CocoBoxes boxes = golden_boxes();
  const Json coco = detection_metrics(boxes, {.draws = 0});
  CHECK(coco["style"] == "coco");
  CHECK(coco["iou_type"] == "bbox");
  CHECK(coco["froc"]["hit"] == "centre");
  CHECK(coco["froc"]["curves"].size() == 4);
  CHECK(coco["froc"]["curves"][1]["name"] == "Cast");
  CHECK(coco["froc"]["curves"][1]["fold"].is_null());
  CHECK(coco["froc"]["curves"][2]["points"].empty());
  const Json& last = coco["froc"]["curves"][1]["points"].back();
  CHECK(last[0] > 0);
  CHECK(coco["values"]["sensitivity_8"] >= coco["values"]["sensitivity_0.25"]);
  REQUIRE(coco["by"].size() == 1);
  const Json& sizes = coco["by"][0]["values"];
  REQUIRE(sizes.size() == 7);
  int64_t counting = 0, in_quarters = 0;
  for (const auto& image : boxes.images)
    for (const auto& box : image.truth) counting += !box.ignored();
  for (size_t q = 3; q < 7; ++q) {
    in_quarters += sizes[q]["boxes"].get<int64_t>();
    CHECK(std::abs(sizes[q]["boxes"].get<double>() - static_cast<double>(counting) / 4) < 3);
  }
  CHECK(in_quarters == counting);

  const Json voc = detection_metrics(
      boxes, {.draws = 0}, {.style = ap_style("voc12"), .overlap = .4, .hit = {.2}});
  CHECK(voc["style"] == "voc12");
  CHECK(voc["overlap"] == .4);
  CHECK(voc["froc"]["hit"] == "overlap 0.2");
  CHECK_FALSE(voc["values"].contains("ap50"));
  CHECK(contains(detection_text(voc), "24 images, voc12 at overlap .400\n"));
  CHECK(contains(error_of([] { ap_style("voc"); }).what(),
                 "unknown style of average precision 'voc' (known: coco, voc07, voc12)"));
  CHECK(contains(error_of([&] { detection_metrics(boxes, {}, {.overlap = 0}); }).what(),
                 "the overlap must be above 0 and at most 1, not 0"));
  CHECK(contains(error_of([&] { detection_metrics(boxes, {}, {.hit = {2.}}); }).what(),
                 "the overlap of a hit must be above 0"));
}

TEST_CASE("values of a column share the operating score of all images") {
  const PixelBox box{0, 0, 10, 10}, other{50, 50, 10, 10};
  CocoBoxes boxes{{}, {"x"}, {"view"}};
  // One wrong box in each image of PA: .8 is the lowest score with 2 of them in 2 images.
  for (const char* view : {"PA", "AP"}) {
    ScoredImage image = image_with({box}, {{box, view[0] == 'P' ? .9 : .5}});
    image.columns = {view};
    if (view[0] == 'P')
      for (const double score : {.85, .8, .7}) image.found.push_back({other, 0, score});
    boxes.images.push_back(image);
  }
  const Json found = detection_metrics(boxes, {.draws = 0});
  CHECK(found["by"][1]["column"] == "view");
  CHECK(found["by"][1]["values"][0] == Json{{"value", "AP"}, {"images", 1}, {"boxes", 1}});
  CHECK(found["values"]["view=PA.recall"] == 1);
  CHECK(found["values"]["view=AP.recall"] == 0);
  CHECK(found["values"]["box_size=small.recall"] == .5);
  CHECK(found["values"]["box_size=large.recall"].is_null());
  CHECK(found["values"]["view=AP.ap50"].get<double>() == Approx(1));
  CHECK(found["values"]["ap50"].get<double>() == Approx((51 + 50 * .4) / 101));
  CHECK(contains(detection_text(found), "\nview  images  boxes  AP50  recall at 1 wrong box"));
}

TEST_CASE("with folds, values are means over folds, and draws keep the folds") {
  const Json golden = golden_json("metrics/coco/mask_values.json");
  const CocoBoxes boxes = golden_masks({.fold_by = "fold", .masks = true});
  const Json found = detection_metrics(boxes, {.draws = 100});
  CHECK(found["iou_type"] == "segm");
  CHECK(found["folds"] == Json{"0", "1", "2"});
  CHECK(found["froc"]["curves"].size() == 9);
  for (const char* key : {"ap", "ap50", "ap40", "ar_10", "Cast.ap"}) {
    CAPTURE(key);
    double sum = 0;
    for (const auto& fold : golden["folds"]) sum += fold[key].get<double>();
    CHECK(std::abs(found["values"][key].get<double>() - sum / 3) < 1e-9);
  }
  CHECK(found["ci"]["ap50"][0] < found["values"]["ap50"]);
  CHECK(found["ci"]["ap50"][1] > found["values"]["ap50"]);
  CHECK(found["values"]["Never there.ap"].is_null());
  CHECK(detection_text(found).starts_with("14 images, masks, means over 3 folds; [95 %"));
  // Scores of two models have no common order: 1 in each fold, less together.
  CocoBoxes two{{}, {"x"}, {}, false, true};
  const PixelBox box{0, 0, 10, 10}, other{50, 50, 10, 10};
  two.images.push_back(image_with({box}, {{box, .9}, {other, .8}}));
  two.images.push_back(image_with({box}, {{box, .2}, {other, .1}}));
  two.images[0].fold = "a";
  two.images[1].fold = "b";
  CHECK(detection_metrics(two, {.draws = 0})["values"]["ap"].get<double>() == Approx(1));
  two.folds = false;
  CHECK(detection_metrics(two, {.draws = 0})["values"]["ap"].get<double>() < .9);
}

TEST_CASE("a class that is absent from a fold has no value there") {
  CocoBoxes boxes{{}, {"x", "y"}, {}, false, true};
  const PixelBox box{0, 0, 10, 10};
  for (int i = 0; i < 12; ++i) {
    ScoredImage& image = boxes.images.emplace_back(image_with({box}, {{box, .9}}, cat("p", i)));
    image.fold = i % 2 == 0 ? "a" : "b";
    if (i % 2 == 0 && i < 8) image.truth.push_back({box, 1, box.area()});
  }
  const Measure measure = detection_measure(boxes, division_of(boxes), {}, 1);
  const auto values = measure.values({});
  // In fold a, x has 1 and y, of which nothing is found, has 0; in fold b there is only x.
  CHECK(values[key_place(measure, "ap")] == Approx(.75));
  CHECK(values[key_place(measure, "x.ap")] == Approx(1));
  CHECK(values[key_place(measure, "y.ap")] == 0);
  const auto groups = [&](const char* key) {
    return measure.keys[key_place(measure, key)].support.positive;
  };
  CHECK(groups("x.ap") == 12);
  for (const char* key : {"y.ap", "ap", "ap_small", "froc"}) CHECK(groups(key) == 4);
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
  const std::string caution = found["cautions"][0];
  CHECK(contains(caution, ", x, froc, box_size=small"));
  CHECK(contains(caution, ": only 2 groups (fewer than 3), so there are no intervals"));
}
