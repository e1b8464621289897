// SPDX-License-Identifier: Apache-2.0
// Boxes and polygons against the bright pixels of a drawn object.
#include <algorithm>
#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "augment/geometry.hpp"
#include "augment/pipeline.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

constexpr int kWidth = 128, kHeight = 96;

/// A bright object on a dark ground.
struct DrawnObject {
  cv::Mat image{kHeight, kWidth, CV_8UC1, cv::Scalar(40)};
  Box box;
};

DrawnObject rectangle(int x0, int y0, int x1, int y1) {
  DrawnObject drawn;
  drawn.image(cv::Rect(cv::Point(x0, y0), cv::Point(x1, y1))).setTo(200);
  const auto left = float(x0), upper = float(y0), right = float(x1), lower = float(y1);
  drawn.box = {left,
               upper,
               right,
               lower,
               1,
               {{{left, upper}, {right, upper}, {right, lower}, {left, lower}}}};
  return drawn;
}

/// Without a polygon.
DrawnObject ellipse(int x0, int y0, int x1, int y1) {
  DrawnObject drawn;
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const double across = (2 * x + 1 - x0 - x1) / double(x1 - x0);
      const double down = (2 * y + 1 - y0 - y1) / double(y1 - y0);
      if (across * across + down * down <= 1) drawn.image.at<uint8_t>(y, x) = 200;
    }
  }
  drawn.box = {float(x0), float(y0), float(x1), float(y1), 1, {}};
  return drawn;
}

/// Pixels nearer to the object's level than to the ground's.
cv::Mat bright(const cv::Mat& image) {
  cv::Mat smooth;
  cv::blur(image, smooth, {3, 3});
  double low = 0, high = 0;
  cv::minMaxLoc(smooth, &low, &high);
  return image > (low + high) / 2;
}

/// The largest distance of an edge of the box from the bright pixels.
double distance_of(const Box& box, const cv::Mat& mask) {
  const cv::Rect seen = cv::boundingRect(mask);
  return std::max({std::abs(box.x0 - seen.x),
                   std::abs(box.y0 - seen.y),
                   std::abs(box.x1 - seen.br().x),
                   std::abs(box.y1 - seen.br().y)});
}

/// Intersection over union of the polygons and the bright pixels.
double overlap_of(const Box& box, const cv::Mat& mask) {
  cv::Mat filled(mask.size(), CV_8UC1, cv::Scalar(0));
  for (const auto& ring : box.rings)
    for (int y = 0; y < mask.rows; ++y)
      for (int x = 0; x < mask.cols; ++x)
        if (cv::pointPolygonTest(ring, {float(x) + .5f, float(y) + .5f}, false) > 0)
          filled.at<uint8_t>(y, x) = 255;
  return cv::countNonZero(filled & mask) / double(cv::countNonZero(filled | mask));
}

void check_follows(const DrawnObject& drawn, const Augmented& out) {
  REQUIRE(out.boxes.size() == 1);
  const cv::Mat mask = bright(out.image);
  // Corners between pixels are half as bright, and so is the outermost row of an ellipse.
  CHECK(distance_of(out.boxes[0], mask) <= 1.5);
  REQUIRE(out.boxes[0].rings.size() == drawn.box.rings.size());
  if (!drawn.box.rings.empty()) CHECK(overlap_of(out.boxes[0], mask) > .9);
}

}  // namespace

TEST_CASE("every operation of xray moves boxes and polygons with the picture") {
  const DrawnObject block = rectangle(30, 24, 74, 56), oval = ellipse(40, 30, 80, 66);
  std::set<Op> seen;
  for (const auto& sub_policy : find_policy("xray").sub_policies) {
    for (const PolicySlot& slot : sub_policy) {
      seen.insert(slot.op);
      const bool shift = slot.op == Op::translate_x || slot.op == Op::translate_y;
      for (const double value : {slot.low, (slot.low + 2 * slot.high) / 3, slot.high}) {
        const Operation operation{slot.op, shift ? value * kWidth : value};
        INFO(operations_text({operation}));
        for (const DrawnObject& drawn : {block, oval})
          check_follows(drawn,
                        apply_operations(
                            drawn.image, {drawn.box}, {operation}, Sampling::radiograph, Rng(4)));
      }
    }
  }
  for (const Op op : {Op::hflip,
                      Op::rotate,
                      Op::shear_x,
                      Op::shear_y,
                      Op::translate_x,
                      Op::translate_y,
                      Op::scale})
    CHECK(seen.count(op) == 1);
}

TEST_CASE("boxes and polygons follow whole draws of the radiograph policies") {
  const DrawnObject block = rectangle(14, 12, 58, 44), oval = ellipse(64, 40, 120, 90);
  for (const char* name : {"xray", "xray-noflip"}) {
    const Policy policy = find_policy(name);
    for (uint64_t i = 0; i < 150; ++i) {
      for (const DrawnObject& drawn : {block, oval}) {
        const PolicyResult result =
            apply_policy(policy, drawn.image, {drawn.box}, Rng(8).fork("image", i));
        INFO(result.recipe);
        check_follows(drawn, result.augmented);
      }
    }
  }
}

TEST_CASE("detection policies move corner hulls that hold the object") {
  const DrawnObject block = rectangle(40, 30, 80, 60);
  const Policy policy = find_policy("det_v2-radiograph");
  int checked = 0;
  for (uint64_t i = 0; i < 200; ++i) {
    const PolicyDraw draw = draw_operations(policy, block.image.size(), Rng(2).fork("draw", i));
    std::vector<Operation> moves;
    for (const Operation& operation : draw.operations)
      if (operation_info(operation.op).kind == OpKind::geometric) moves.push_back(operation);
    if (moves.empty()) continue;
    INFO(operations_text(moves));
    const Augmented house =
        apply_operations(block.image, {block.box}, moves, Sampling::radiograph, Rng(1));
    if (house.boxes.empty()) continue;
    check_follows(block, house);
    const Augmented hull =
        apply_operations(block.image, {block.box}, moves, Sampling::detection, Rng(1));
    REQUIRE(hull.boxes.size() == 1);
    const cv::Mat mask = hull.image == 200;
    const cv::Rect seen = cv::boundingRect(mask);
    CHECK(hull.boxes[0].x0 <= seen.x + .6);
    CHECK(hull.boxes[0].y0 <= seen.y + .6);
    CHECK(hull.boxes[0].x1 >= seen.br().x - .6);
    CHECK(hull.boxes[0].y1 >= seen.br().y - .6);
    ++checked;
  }
  CHECK(checked > 40);
}

TEST_CASE("xray drops boxes of which too little is left, and counts them") {
  const Policy policy = find_policy("xray");
  const DrawnObject corner = rectangle(2, 2, 14, 12);
  const double whole = 12 * 10;
  int dropped = 0, kept = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    const PolicyResult result =
        apply_policy(policy, corner.image, {corner.box}, Rng(6).fork("image", i));
    const Augmented& out = result.augmented;
    INFO(result.recipe);
    REQUIRE(int(out.boxes.size()) + out.boxes_dropped == 1);
    // Without the object nothing is bright, so its level is told from the ground.
    const int left = cv::countNonZero(out.image > 120);
    dropped += out.boxes_dropped;
    kept += out.boxes_dropped == 0;
    // Scaled by .9 to 1.1.
    if (out.boxes_dropped) {
      CHECK(left <= .25 * whole * 1.21 + 12);
    } else {
      CHECK(left >= .25 * whole * .81 - 12);
    }
  }
  CHECK(dropped > 10);
  CHECK(kept > 200);
}

TEST_CASE("a ring that crosses itself never shows more than the whole of it") {
  // Its lobes cancel out to 40 px2; what the border leaves of it has 131.
  const float x = 117;
  const std::vector<cv::Point2f> ring{{x, 0}, {x + 20, 20}, {x + 20, 0}, {x, 24}};
  MovingBoxes moving({{x, 0, x + 20, 24, 1, {ring}}});
  const cv::Size size(kWidth, kHeight);
  moving.move(translate_map(0, 0), size);
  int dropped = 0;
  CHECK(moving.finish(dropped).size() == 1);
  moving.move(translate_map(9.5, 0), size);  // a strip of 1.5 px is left
  CHECK(moving.finish(dropped).empty());
  CHECK(dropped == 1);
}
