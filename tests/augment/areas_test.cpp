// SPDX-License-Identifier: Apache-2.0
// Operations inside of areas, and how detection policies draw them.
#include "augment/areas.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "augment/mixture.hpp"
#include "augment/pipeline.hpp"
#include "augment/written_policy.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

cv::Mat grain_picture() { return golden_picture(golden_json("augment/detection.json"), "grain"); }

cv::Mat changed(const cv::Mat& image,
                const std::string& operations,
                Sampling sampling = Sampling::detection) {
  return apply_operations(image, {}, parse_operations(operations), sampling, Rng(1)).image;
}

bool same_box(const Box& a, const Box& b) {
  return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1 && a.label == b.label &&
         a.rings == b.rings;
}

/// What a slot stands for in draw number `i`.
std::vector<Operation> drawn_areas(const PolicySlot& slot,
                                   double value,
                                   const std::vector<Box>& boxes,
                                   uint64_t i,
                                   cv::Size size = {200, 100}) {
  return draw_areas(slot, {slot.op, value}, boxes, size, Rng(11).fork("draw", i));
}

}  // namespace

TEST_CASE("areas are read, kept and refused with a hint") {
  const auto operations =
      parse_operations("TranslateY@10-20-40-50:-12.5,equalize@0-0-3-4, Cutout@1-2-3-4");
  REQUIRE(operations.size() == 3);
  CHECK(operations[0].op == Op::translate_y);
  CHECK(operations[0].value == -12.5);
  CHECK(operations[0].area == cv::Rect(10, 20, 30, 30));
  CHECK(operations_text(operations) ==
        "TranslateY@10-20-40-50:-12.5,Equalize@0-0-3-4,Cutout@1-2-3-4");
  CHECK_FALSE(parse_operation("Equalize").area);

  const auto refusal = [](const std::string& text) {
    const Error error = error_of([&] { parse_operation(text); });
    CHECK(error.code() == Exit::usage);
    return std::string(error.what());
  };
  for (const char* wrong : {"Cutout",
                            "Cutout@",
                            "Cutout@1-2-3",
                            "Cutout@1-2-3-4-5",
                            "Cutout@1-2-1-4",
                            "Cutout@1-4-3-2",
                            "Cutout@1-2-3-x",
                            "Cutout@1-2-3.5-4",
                            "Cutout@1-2-65536-4",
                            "Cutout@99999999999999999999-2-3-4"})
    CHECK(contains(refusal(wrong), "in whole pixels as in Cutout@10-20-40-50"));
  CHECK(contains(refusal("Rotate@1-2-3-4"), "is not a number from"));
  CHECK(contains(refusal("Cutout@1-2-3-4:5"), "takes no value"));
  CHECK(contains(refusal("Cutot@1-2-3-4"), "did you mean 'Cutout'"));
  CHECK(parse_sampling("detection") == Sampling::detection);
  CHECK(contains(error_of([] { parse_sampling("detectoin"); }).what(), "detection"));
  CHECK(error_of([] { policy_at({}, Sampling::detection); }).code() == Exit::usage);
}

TEST_CASE("an operation in an area changes nothing else") {
  const cv::Mat grain = grain_picture();
  const cv::Rect area(3, 1, 27, 14);
  const std::vector<Box> boxes = {{3, 1, 30, 15, 2, {{{3, 1}, {30, 1}, {30, 15}}}}};
  for (const Sampling sampling :
       {Sampling::detection, Sampling::torchvision, Sampling::radiograph}) {
    for (const std::string text : {"TranslateY:6",
                                   "Rotate:6",
                                   "ShearX:0.2",
                                   "HFlip",
                                   "Equalize",
                                   "Invert",
                                   "Sharpness:1.9",
                                   "Blur:2"}) {
      const size_t colon = std::min(text.find(':'), text.size());
      const std::string in_area = text.substr(0, colon) + "@3-1-30-15" + text.substr(colon);
      INFO(sampling_name(sampling) << " " << text);
      const Augmented out =
          apply_operations(grain, boxes, parse_operations(in_area), sampling, Rng(1));
      REQUIRE(out.boxes.size() == 1);
      CHECK(same_box(out.boxes[0], boxes[0]));
      CHECK(out.boxes_dropped == 0);
      // Inside, it is the operation on a picture of its own.
      CHECK(differing_pixels(out.image(area), changed(grain(area).clone(), text, sampling)) == 0);
      CHECK(differing_pixels(out.image(area), grain(area)) > 0);
      cv::Mat outside = out.image.clone();
      grain(area).copyTo(outside(area));
      CHECK(differing_pixels(outside, grain) == 0);
    }
  }
  // The caller's picture stays as it is, and what is outside of it is ignored.
  CHECK(differing_pixels(grain, grain_picture()) == 0);
  CHECK(differing_pixels(changed(grain, "Cutout@20-10-900-900"),
                         changed(grain, "Cutout@20-10-32-16")) == 0);
  CHECK(differing_pixels(changed(grain, "Cutout@32-3-40-9,Invert@0-16-9-20"), grain) == 0);
}

TEST_CASE("Cutout fills with what fills empty areas") {
  const cv::Mat grain = grain_picture();
  const auto filled = [&](Sampling sampling) {
    return int(changed(grain, "Cutout@9-5-12-8", sampling).at<uint8_t>(6, 10));
  };
  CHECK(filled(Sampling::detection) == 128);
  CHECK(filled(Sampling::torchvision) == 0);
  CHECK(filled(Sampling::radiograph) ==
        changed(grain, "TranslateY:5", Sampling::radiograph).at<uint8_t>(1, 10));
}

TEST_CASE("chains of a mixture leave boxes where their areas are changed") {
  const std::vector<Box> boxes = {{5, 3, 25, 14, 2, {}}};
  const Augmented out = apply_mixture(grain_picture(),
                                      boxes,
                                      parse_mixture("0.5+0.5(TranslateX@5-3-25-14:9)"),
                                      Sampling::torchvision,
                                      Rng(1));
  REQUIRE(out.boxes.size() == 1);
  CHECK(same_box(out.boxes[0], boxes[0]));
}

TEST_CASE("the pixels of a box are those that it covers") {
  CHECK(pixels_of({10, 20, 40, 50, 0, {}}, {200, 100}) == cv::Rect(10, 20, 30, 30));
  CHECK(pixels_of({10.9f, 20.1f, 40.1f, 50, 0, {}}, {200, 100}) == cv::Rect(10, 20, 31, 30));
  CHECK(pixels_of({-5, 90, 7, 130, 0, {}}, {200, 100}) == cv::Rect(0, 90, 7, 10));
  CHECK(pixels_of({210, 10, 230, 20, 0, {}}, {200, 100}).empty());
  CHECK(pixels_of({NAN, 10, NAN, 1e30f, 0, {}}, {200, 100}).empty());
}

TEST_CASE("each box gets its operation with a third of the probability, on its own") {
  const std::vector<Box> boxes = {
      {0, 0, 20, 20, 0, {}}, {50, 50, 70, 70, 0, {}}, {100, 10, 190, 90, 0, {}}};
  const PolicySlot slot{Op::translate_y, .6, 2, 0, 0, Target::each_box};
  std::map<int, int> times;
  std::map<size_t, int> together;
  int second_first = 0;
  constexpr int kDraws = 9000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const auto operations = drawn_areas(slot, -24, boxes, i);
    ++together[operations.size()];
    for (const Operation& operation : operations) {
      ++times[operation.area->x];
      CHECK(operation.value == -24);
    }
    if (operations.size() == 2) second_first += operations[0].area->x > operations[1].area->x;
  }
  REQUIRE(times.size() == 3);
  for (const auto& [x, n] : times) CHECK(n == Approx(.2 * kDraws).margin(130));
  CHECK(together[0] == Approx(.512 * kDraws).margin(150));
  CHECK(together[3] == Approx(.008 * kDraws).margin(30));
  CHECK(second_first == Approx(together[2] / 2.).margin(70));
  CHECK(drawn_areas(slot, -24, {}, 1).empty());
}

TEST_CASE("Cutout draws a square with a centre anywhere") {
  const PolicySlot slot{Op::cutout, 1, 4};
  const cv::Rect image(0, 0, 200, 100);
  double width = 0, height = 0, expected = 0, left = 0;
  constexpr int kDraws = 6000, kHalf = 40;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const auto operations = drawn_areas(slot, kHalf + .9, {}, i);
    REQUIRE(operations.size() == 1);
    const cv::Rect area = *operations[0].area;
    CHECK((area & image) == area);
    CHECK(std::max(area.width, area.height) <= 2 * kHalf);
    CHECK(std::min(area.width, area.height) >= kHalf);
    width += area.width;
    height += area.height;
    left += area.x == 0;
  }
  for (int x = 0; x < 200; ++x) expected += std::min(200, x + kHalf) - std::max(0, x - kHalf);
  CHECK(width / kDraws == Approx(expected / 200).margin(.6));
  expected = 0;
  for (int y = 0; y < 100; ++y) expected += std::min(100, y + kHalf) - std::max(0, y - kHalf);
  CHECK(height / kDraws == Approx(expected / 100).margin(.6));
  CHECK(left / kDraws == Approx(41 / 200.).margin(.02));
  CHECK(drawn_areas(slot, 0, {}, 1).empty());
  // Of a box: inside of it.
  const PolicySlot inside{Op::cutout, 1, 4, 0, 0, Target::each_box};
  int drawn = 0;
  for (uint64_t i = 0; i < 600; ++i) {
    for (const Operation& operation : drawn_areas(inside, 8, {{30, 40, 60, 50, 0, {}}}, i)) {
      CHECK((*operation.area & cv::Rect(30, 40, 30, 10)) == *operation.area);
      CHECK(operation.area->width <= 16);
      ++drawn;
    }
  }
  CHECK(drawn == Approx(200).margin(50));
}

TEST_CASE("BBox_Cutout is bounded by its share of one box") {
  const PolicySlot slot{Op::cutout, 1, 10, 0, 0, Target::one_box};
  const std::vector<Box> boxes = {{20, 20, 61, 60, 0, {}}, {120, 10, 190, 90, 0, {}}};
  std::set<int> widths, heights;
  int first = 0, reaches_out = 0;
  constexpr int kDraws = 4000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const auto operations = drawn_areas(slot, .75, boxes, i);
    REQUIRE(operations.size() == 1);
    const cv::Rect area = *operations[0].area;
    const cv::Point centre(area.x + area.width / 2, area.y + area.height / 2);
    const bool in_first = centre.x < 90;
    first += in_first;
    const cv::Rect place = pixels_of(boxes[in_first ? 0 : 1], {200, 100});
    CHECK(area.width <= .75 * place.width);
    CHECK(area.height <= .75 * place.height);
    if (!in_first) continue;
    // Nothing of the first box's rectangles leaves the image, so their centres are to be seen.
    CHECK(place.contains(centre));
    reaches_out += (area & place) != area;
    widths.insert(area.width);
    heights.insert(area.height);
  }
  CHECK(first == Approx(kDraws / 2).margin(130));
  CHECK(reaches_out > kDraws / 8);
  CHECK(widths == std::set<int>{30});   // 2 int(.75 * 20.5)
  CHECK(heights == std::set<int>{30});  // 2 int(.75 * 20)
  CHECK(drawn_areas(slot, .75, {}, 1).empty());
  CHECK(drawn_areas(slot, 0, boxes, 1).empty());
}

TEST_CASE("recipes of detection policies say all, without the boxes") {
  const cv::Mat grain = grain_picture();
  const std::vector<Box> boxes = {{3, 2, 14, 12, 0, {{{3, 2}, {14, 2}, {14, 12}, {3, 12}}}},
                                  {18, 4, 30, 15, 1, {}},
                                  {0, 0, 5, 4, 0, {}}};
  for (int v = 0; v < 8; ++v) {
    const Policy policy = find_policy(cat("det_v", v % 4, v < 4 ? "" : "-radiograph"));
    int in_areas = 0, moved_areas = 0, dropped = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      const Rng rng = Rng(3).fork("image", i);
      const PolicyResult result = apply_policy(policy, grain, boxes, rng);
      const Augmented& out = result.augmented;
      INFO(result.recipe);
      CHECK(differing_pixels(out.image, apply_policy(policy, grain, boxes, rng).augmented.image) ==
            0);
      CHECK(int(out.boxes.size()) + out.boxes_dropped == 3);
      dropped += out.boxes_dropped;
      const std::string text = result.recipe.substr(result.recipe.find(' ') + 1);
      const auto operations = text == "-" ? std::vector<Operation>{} : parse_operations(text);
      const Augmented again = apply_operations(grain, boxes, operations, policy.sampling, Rng(99));
      CHECK(differing_pixels(out.image, again.image) == 0);
      CHECK(std::equal(
          out.boxes.begin(), out.boxes.end(), again.boxes.begin(), again.boxes.end(), same_box));
      // In boxes: where they are by then.
      std::vector<Operation> before;
      for (const Operation& operation : operations) {
        if (operation.area && operation.op != Op::cutout) {
          int ignored = 0;
          const auto moved = move_boxes(boxes, before, policy.sampling, grain.size(), ignored);
          CHECK(std::any_of(moved.begin(), moved.end(), [&](const Box& box) {
            return pixels_of(box, grain.size()) == *operation.area;
          }));
          moved_areas += !before.empty();
        }
        in_areas += operation.area.has_value();
        before.push_back(operation);
      }
    }
    INFO(policy.name);
    CHECK(in_areas > 10);
    CHECK((moved_areas > 0) == (v % 4 < 2));
    CHECK((dropped > 0) == (policy.sampling == Sampling::radiograph));
  }
}

TEST_CASE("without boxes, detection policies change whole images only") {
  const Policy policy = find_policy("det_v1");
  for (uint64_t i = 0; i < 300; ++i) {
    const PolicyDraw with =
        draw_operations(policy, {64, 64}, Rng(5).fork("draw", i), {{10, 10, 50, 50, 0, {}}});
    PolicyDraw without = draw_operations(policy, {64, 64}, Rng(5).fork("draw", i));
    CHECK(with.sub_policy == without.sub_policy);
    for (const Operation& operation : without.operations)
      CHECK((!operation.area || operation.op == Op::cutout));
    // Boxes change nothing else that is drawn.
    auto whole = with.operations;
    std::erase_if(whole, [](const Operation& o) { return o.area && o.op != Op::cutout; });
    std::erase_if(without.operations, [](const Operation& o) { return o.area.has_value(); });
    std::erase_if(whole, [](const Operation& o) { return o.area.has_value(); });
    CHECK(operations_text(whole) == operations_text(without.operations));
  }
}
