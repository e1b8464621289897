// SPDX-License-Identifier: Apache-2.0
#include "fusion/fusion.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

constexpr ImageSize kImage{100, 100};

FoundBox found_at(double x, double score, int class_index = 0) {
  return {{x, 0, 10, 10}, class_index, score};
}

std::vector<FusedBox> fused_by(FusionMethod method,
                               const std::vector<std::vector<FoundBox>>& models,
                               FusionOptions options = {}) {
  options.method = method;
  return fuse_boxes(models, kImage, options);
}

/// The error of these options with boxes of two models.
Error option_fault(const FusionOptions& options) {
  return error_of([&] { fuse_boxes({{}, {}}, kImage, options); });
}

}  // namespace

TEST_CASE("NMS keeps the highest score, of each class") {
  const std::vector<std::vector<FoundBox>> models{{found_at(0, .6), found_at(2, .5, 1)},
                                                  {found_at(1, .9), found_at(50, .1)}};
  const auto kept = fused_by(FusionMethod::nms, models);
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].found.score == .9);
  CHECK(kept[0].found.box.x == 1);
  CHECK(kept[0].members.size() == 1);
  CHECK(kept[0].members[0].model == 1);
  CHECK(kept[0].members[0].box == 0);
  CHECK(kept[1].found.score == .1);
  CHECK(kept[2].found.class_index == 1);
  // With weights 3 and 1, .6 * 3 / 4 is more than .9 / 4.
  const auto weighted = fused_by(FusionMethod::nms, models, {.weights = {3, 1}});
  CHECK(weighted[0].found.box.x == 0);
  CHECK(weighted[0].found.score == Approx(.45));
}

TEST_CASE("soft-NMS lowers scores by the overlap") {
  // Boxes of 10 px that are 5 px apart: IoU 1/3.
  const std::vector<std::vector<FoundBox>> models{{found_at(0, .9), found_at(5, .6)}};
  const auto linear = fused_by(FusionMethod::soft_nms_linear, models, {.iou_thr = .3});
  REQUIRE(linear.size() == 2);
  CHECK(linear[1].found.score == Approx(.4));
  CHECK(fused_by(FusionMethod::soft_nms_linear, models, {.iou_thr = .4})[1].found.score == .6);
  const auto gaussian = fused_by(FusionMethod::soft_nms_gaussian, models, {.sigma = .5});
  CHECK(gaussian[1].found.score == Approx(.6 * std::exp(-2. / 9)));
  CHECK(fused_by(FusionMethod::soft_nms_linear, models, {.iou_thr = .3, .thresh = .41}).size() ==
        1);
  const auto before =
      fused_by(FusionMethod::soft_nms_linear, models, {.iou_thr = .3, .lowered_scores = false});
  CHECK(before[1].found.score == .6);
}

TEST_CASE("WBF: means weighted by score, scores by conf_type") {
  // IoU 8/12. The weights are 2 and 1; the third model found nothing.
  const std::vector<std::vector<FoundBox>> models{{found_at(0, .4)}, {found_at(2, .8)}, {}};
  const auto fused = [&](ConfType conf_type) {
    const auto boxes =
        fused_by(FusionMethod::wbf, models, {.weights = {2, 1, 1}, .conf_type = conf_type});
    REQUIRE(boxes.size() == 1);
    CHECK(boxes[0].found.box.x == Approx(1).margin(1e-5));
    CHECK(boxes[0].found.box.width == Approx(10).margin(1e-5));
    CHECK(boxes[0].members.size() == 2);
    return boxes[0].found.score;
  };
  CHECK(fused(ConfType::avg) == Approx(.8 * 2 / 4));
  CHECK(fused(ConfType::max) == Approx(.8 / 2));
  CHECK(fused(ConfType::box_and_model_avg) == Approx(1.6 / 3 * 3 / 4));
  CHECK(fused(ConfType::absent_model_aware_avg) == Approx(1.6 / 4));
  CHECK(fused(ConfType::score_sum) == Approx(1.6 / 2));
}

TEST_CASE("WBF: the sum of scores ends at 1; with overflow, scores do not") {
  const std::vector<std::vector<FoundBox>> models{{found_at(0, .8), found_at(0, .7)}, {}};
  const auto summed = fused_by(FusionMethod::wbf, models, {.conf_type = ConfType::score_sum});
  CHECK(summed.at(0).found.score == 1);
  CHECK(fused_by(FusionMethod::wbf,
                 {{found_at(0, .3), found_at(0, .4)}},
                 {.conf_type = ConfType::score_sum})
            .at(0)
            .found.score == Approx(.7));
  CHECK(fused_by(FusionMethod::wbf, {{found_at(0, .8), found_at(0, .7)}}).at(0).found.score ==
        Approx(.75));
  CHECK(fused_by(FusionMethod::wbf, {{found_at(0, .8), found_at(0, .7)}}, {.allows_overflow = true})
            .at(0)
            .found.score == Approx(1.5));
}

TEST_CASE("NMW: means weighted by score times IoU, the score of the first") {
  const auto fused = fused_by(FusionMethod::nmw, {{found_at(0, .4)}, {found_at(2, .8)}});
  REQUIRE(fused.size() == 1);
  CHECK(fused[0].found.score == Approx(.8));
  CHECK(fused[0].found.box.x == Approx(2 * .8 / (.8 + .4 * 8 / 12)));
  CHECK(fused[0].members.size() == 2);
}

TEST_CASE("boxes are sorted, clipped, and left out without area") {
  const std::vector<std::vector<FoundBox>> models{
      {{{60, 60, -20, -30}, 0, .5}, {{-5, 95, 20, 20}, 0, .4}, {{10, 10, 0, 5}, 0, .3}},
      {{{120, 5, 20, 20}, 0, .9}}};
  for (const FusionMethod method : {FusionMethod::nms, FusionMethod::wbf}) {
    const auto boxes = fused_by(method, models);
    REQUIRE(boxes.size() == 2);
    const PixelBox &sorted = boxes[0].found.box, &clipped = boxes[1].found.box;
    CHECK((sorted.x == 40 && sorted.y == 30 && sorted.width == 20 && sorted.height == 30));
    CHECK((clipped.x == 0 && clipped.y == 95 && clipped.width == 15 && clipped.height == 5));
  }
  // Without an image nothing is clipped.
  const auto boxes = fuse_boxes(models, {});
  REQUIRE(boxes.size() == 3);
  CHECK(boxes[0].found.box.x == 120);
}

TEST_CASE("boxes whose scores are all 0 become the first of them") {
  const std::vector<std::vector<FoundBox>> models{{found_at(3, 0), found_at(2, 0)},
                                                  {found_at(50, 0)}};
  for (const auto& name : fusion_method_names()) {
    CAPTURE(name);
    for (const auto& fused : fused_by(parse_fusion_method(name), models)) {
      CHECK(fused.found.score == 0);
      CHECK((fused.found.box.x == 2 || fused.found.box.x == 50));
    }
  }
  for (const auto& name : conf_type_names()) {
    CAPTURE(name);
    const auto fused = fused_by(
        FusionMethod::wbf, models, {.weights = {0, 1}, .conf_type = parse_conf_type(name)});
    REQUIRE(fused.size() == 2);
    CHECK(fused[0].found.score == 0);
    CHECK(fused[1].found.score == 0);
  }
}

TEST_CASE("fusion: what is refused") {
  CHECK(option_fault({.iou_thr = 1.5}).code() == Exit::config);
  CHECK(contains(option_fault({.iou_thr = NAN}).what(), "iou_thr must be from 0 to 1"));
  CHECK(contains(option_fault({.weights = {1}}).what(), "one for each of 2, found 1"));
  CHECK(contains(option_fault({.weights = {0, 0}}).what(), "one must be above 0"));
  CHECK(contains(option_fault({.weights = {1, -1}}).what(), "finite numbers of 0 or more"));
  CHECK(contains(option_fault({.sigma = 0}).what(), "sigma"));
  CHECK(contains(option_fault({.thresh = -1}).what(), "thresh"));
  CHECK(contains(option_fault({.skip_box_thr = NAN}).what(), "skip_box_thr"));
  CHECK(contains(error_of([] { parse_fusion_method("wbs"); }).what(), "did you mean 'wbf'"));
  CHECK(contains(error_of([] { parse_conf_type("mean"); }).what(), "unknown conf_type 'mean'"));
  const double inf = std::numeric_limits<double>::infinity();
  for (const FoundBox& bad : {FoundBox{{NAN, 0, 1, 1}, 0, .5},
                              FoundBox{{0, 0, inf, 1}, 0, .5},
                              FoundBox{{0, 0, 1e200, 1e200}, 0, .5},
                              FoundBox{{0, 0, 1, 1}, 0, NAN},
                              FoundBox{{0, 0, 1, 1}, 0, -1}})
    CHECK(error_of([&] { fuse_boxes({{bad}}, kImage); }).code() == Exit::failed);
  CHECK(error_of([] { fuse_boxes({{}}, ImageSize{0, 5}); }).code() == Exit::failed);
  CHECK(fuse_boxes({}, kImage).empty());
  CHECK(fuse_boxes({{}, {}}, kImage).empty());
}
