// SPDX-License-Identifier: Apache-2.0
// The detection policies of Zoph et al. 2020: values, pictures and boxes of a second
// implementation.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <utility>

#include "augment/magnitudes.hpp"
#include "augment/operation.hpp"
#include "augment/policy.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Box box_of(const Json& edges) {
  return {float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]), 3, {}};
}

/// The largest distance of the edges of two boxes.
double edge_distance(const Box& a, const Box& b) {
  return std::max(
      {std::abs(a.x0 - b.x0), std::abs(a.y0 - b.y0), std::abs(a.x1 - b.x1), std::abs(a.y1 - b.y1)});
}

Operation golden_operation(const Json& entry) {
  const std::string op = entry["op"];
  std::string text = op;
  if (const Json& area = entry.value("area", Json()); !area.is_null())
    text += cat("@", area[0], "-", area[1], "-", area[2], "-", area[3]);
  if (!entry["value"].is_null()) text += cat(":", exact(entry["value"]));
  return parse_operation(text);
}

}  // namespace

TEST_CASE("levels of detection policies have the published values") {
  const Json golden = golden_json("augment/detection.json");
  int values = 0;
  for (const auto& [name, expected] : golden["values"].items()) {
    const auto parts = split_text(name, ' ');
    const Target target = parts[1] == "image"      ? Target::image
                          : parts[1] == "each_box" ? Target::each_box
                                                   : Target::one_box;
    const Op op = parse_operation(parts[0] + (parts[0] == "Cutout" ? "@0-0-1-1" : ":1")).op;
    const bool has_sign =
        parts[0].starts_with("Shear") || parts[0].starts_with("Translate") || parts[0] == "Rotate";
    REQUIRE(int(expected.size()) == magnitude_bins(Magnitudes::detection));
    for (int bin = 0; bin < int(expected.size()); ++bin, ++values) {
      const double value = expected[size_t(bin)];
      INFO(name << " " << bin);
      const auto drawn = [&](bool positive) {
        return binned_operation(Magnitudes::detection, op, bin, positive, {90, 70}, target).value;
      };
      CHECK(drawn(true) == value);
      CHECK(drawn(false) == (has_sign ? -value : value));
    }
  }
  CHECK(values == 19 * 11);
}

TEST_CASE(
    "lengths of the radiograph variants are shares of the side, at 640 px the published ones") {
  for (const auto& [op, target] : {std::pair{Op::translate_x, Target::image},
                                   std::pair{Op::translate_y, Target::each_box},
                                   std::pair{Op::cutout, Target::image},
                                   std::pair{Op::cutout, Target::each_box}}) {
    const auto at = [&, op = op, target = target](Magnitudes magnitudes, cv::Size size) {
      return binned_operation(magnitudes, op, 8, true, size, target).value;
    };
    CHECK(at(Magnitudes::detection_share, {640, 640}) ==
          Approx(at(Magnitudes::detection, {640, 640})));
    CHECK(at(Magnitudes::detection, {64, 64}) == at(Magnitudes::detection, {640, 640}));
  }
  const auto shift = [](Op op) {
    return binned_operation(Magnitudes::detection_share, op, 10, false, {128, 64}).value;
  };
  CHECK(shift(Op::translate_x) == -50);  // 250 / 640 of the side
  CHECK(shift(Op::translate_y) == -25);
  CHECK(binned_operation(Magnitudes::detection_share, Op::cutout, 10, true, {128, 64}).value == 10);
}

TEST_CASE("pictures of detection operations are those of a second implementation") {
  const Json golden = golden_json("augment/detection.json");
  const cv::Mat grain = golden_picture(golden, "grain");
  int cases = 0;
  for (const Json& entry : golden["cases"]) {
    const Operation operation = golden_operation(entry);
    INFO(operations_text({operation}));
    const cv::Mat out = apply_operations(grain, {}, {operation}, Sampling::detection, Rng(1)).image;
    CHECK(differing_pixels(out, decoded(entry["pixels"], grain.size())) == 0);
    ++cases;
  }
  CHECK(cases == 34);
}

TEST_CASE("detection sampling moves boxes by their corners and drops none") {
  const Json golden = golden_json("augment/detection.json");
  const cv::Mat image(golden["height"], golden["width"], CV_8UC1, cv::Scalar(9));
  int cases = 0;
  for (const Json& entry : golden["boxes"]) {
    const Operation operation = golden_operation(entry);
    INFO(operations_text({operation}) << " of " << entry["box"]);
    const Augmented out =
        apply_operations(image, {box_of(entry["box"])}, {operation}, Sampling::detection, Rng(1));
    REQUIRE(out.boxes.size() == 1);
    CHECK(out.boxes_dropped == 0);
    CHECK(out.boxes[0].label == 3);
    CHECK(edge_distance(out.boxes[0], box_of(entry["exact"])) < 1e-3);
    // The published code cuts the decimals off, and shears boxes about the corner, pixels about the
    // centre of the first one: up to .15 px.
    const bool shifted = operation.op == Op::translate_x || operation.op == Op::translate_y;
    const double bound = shifted ? 1e-3 : operation.op == Op::rotate ? 1. : 1.15;
    CHECK(edge_distance(out.boxes[0], box_of(entry["published"])) <= bound);
    ++cases;
  }
  CHECK(cases == 65);
}

TEST_CASE("corner hulls by hand") {
  const cv::Mat image(100, 200, CV_8UC1, cv::Scalar(9));
  const auto moved = [&](const std::string& operations, const Box& box) {
    const Augmented out =
        apply_operations(image, {box}, parse_operations(operations), Sampling::detection, Rng(1));
    REQUIRE(out.boxes.size() == 1);
    return out.boxes[0];
  };
  // A square of 10 turned by 45 degrees: its diagonal. (The ellipse in it would still be 10 wide.)
  const Box turned = moved("Rotate:45", {95, 45, 105, 55, 0, {}});
  CHECK(turned.x1 - turned.x0 == Approx(10 * std::sqrt(2.)));
  CHECK(turned.y1 - turned.y0 == Approx(10 * std::sqrt(2.)));
  // Gone to the left: .05 of the side stays at that border; to below: at that one.
  const Box left = moved("TranslateX:-150", {50, 20, 70, 30, 0, {}});
  CHECK(left.x0 == 0);
  CHECK(left.x1 == Approx(10));
  CHECK(left.y0 == 20);
  CHECK(left.y1 == 30);
  const Box below = moved("TranslateY:250", {50, 20, 70, 30, 0, {}});
  CHECK(below.y0 == Approx(95));
  CHECK(below.y1 == 100);
  // Polygons move and are cut off; the box is of the corners.
  const Box outlined =
      moved("TranslateX:-60", {50, 20, 70, 30, 0, {{{50, 20}, {70, 20}, {60, 30}}}});
  CHECK(outlined.x0 == 0);
  CHECK(outlined.x1 == 10);
  REQUIRE(outlined.rings.size() == 1);
  for (const cv::Point2f p : outlined.rings[0]) CHECK(p.x >= 0);
  CHECK(moved("TranslateX:-150", outlined).rings.empty());
}

TEST_CASE("detection operations act accordingly on 16 bits") {
  const cv::Mat grain = golden_picture(golden_json("augment/detection.json"), "grain");
  cv::Mat wide;
  grain.convertTo(wide, CV_16U, 257);
  for (const char* operations :
       {"TranslateX:9", "SolarizeAdd:44", "Cutout@3-4-9-12", "Rotate@2-3-22-13:30"}) {
    const auto out = [&](const cv::Mat& image) {
      return apply_operations(image, {}, parse_operations(operations), Sampling::detection, Rng(1))
          .image;
    };
    cv::Mat expected;
    out(grain).convertTo(expected, CV_16U, 257);
    INFO(operations);
    CHECK(differing_pixels(out(wide), expected) == 0);
  }
}

TEST_CASE("detection policies have the published tables") {
  const std::array<std::string, 4> names = {"det_v0", "det_v1", "det_v2", "det_v3"};
  const std::array<size_t, 4> sub_policies = {5, 20, 15, 15}, slots = {10, 40, 44, 30};
  for (size_t v = 0; v < names.size(); ++v) {
    const Policy plain = find_policy(names[v]), radiograph = find_policy(names[v] + "-radiograph");
    CHECK(plain.sampling == Sampling::detection);
    CHECK(radiograph.sampling == Sampling::radiograph);
    CHECK(plain.sub_policies.size() == sub_policies[v]);
    size_t count = 0;
    for (size_t s = 0; s < plain.sub_policies.size(); ++s) {
      count += plain.sub_policies[s].size();
      for (size_t i = 0; i < plain.sub_policies[s].size(); ++i) {
        const PolicySlot& slot = plain.sub_policies[s][i];
        CHECK((slot.bin >= 0 || !(operation_info(slot.op).has_value || slot.op == Op::cutout)));
        CHECK(slot.bin <= 10);
        CHECK(radiograph.sub_policies[s][i].op == slot.op);
      }
    }
    CHECK(count == slots[v]);
  }
  const std::string text = policies_text("det_v1");
  CHECK(contains(text, " 1  TranslateX p 0.6 (-100.00 or 100.00 px), then Equalize p 0.8\n"));
  CHECK(contains(text, "TranslateY in each box p 0.2 / 3 (-24.00 or 24.00 px), then Cutout p 0.8"));
  CHECK(contains(text, "Cutout p 0.8 (160 px)"));
  CHECK(contains(text, "Cutout in each box p 0.4 / 3 (60 px)"));
  CHECK(contains(policies_text("det_v2"), "Cutout in one box p 1 (up to 30.00 % of its sides)"));
  const std::string shares = policies_text("det_v0-radiograph");
  CHECK(contains(shares, "TranslateX p 0.6 (-15.62 or 15.62 % of the side)"));
  CHECK(contains(shares, "Cutout p 0.8 (25.00 % of the shorter side)"));
  CHECK(contains(policies_text(""), "det_v2  AutoAugment for detection, policy v2 of its code"));
  const Json json = policies_json("det_v1")["policies"][0];
  CHECK(json["sampling"] == "detection");
  CHECK(json["sub_policies"][1][0]["target"] == "each_box");
  CHECK(json["sub_policies"][1][0]["magnitude"] == 2);
}
