// SPDX-License-Identifier: Apache-2.0
// The search by strips finds what a search of all boxes finds, and it is quick.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>

#include "tests/fixture.hpp"
#include "tests/fusion/drawn_boxes.hpp"

using namespace evenray;

namespace {

/// The rule of NMS as it is written: the indices of the boxes that stay.
std::vector<size_t> plain_nms(const std::vector<FoundBox>& boxes, double iou_thr) {
  std::vector<size_t> order(boxes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return boxes[a].score > boxes[b].score;
  });
  std::vector<size_t> kept;
  for (const size_t i : order)
    if (std::none_of(kept.begin(), kept.end(), [&](size_t k) {
          return overlap(boxes[k].box, boxes[i].box) > iou_thr;
        }))
      kept.push_back(i);
  return kept;
}

/// The rule of WBF for one model, as it is written: the boxes of each cluster.
std::vector<std::vector<size_t>> plain_wbf(const std::vector<FoundBox>& boxes, double iou_thr) {
  struct Mean {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0, weight = 0;
    std::vector<size_t> members{};
    PixelBox box() const {
      return {x0 / weight, y0 / weight, (x1 - x0) / weight, (y1 - y0) / weight};
    }
  };
  std::vector<size_t> order(boxes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return boxes[a].score > boxes[b].score;
  });
  std::vector<Mean> means;
  for (const size_t i : order) {
    Mean* best = nullptr;
    double most = iou_thr;
    for (auto& mean : means) {
      const double shared = overlap(mean.box(), boxes[i].box);
      if (!(shared > most)) continue;
      most = shared;
      best = &mean;
    }
    if (!best) best = &means.emplace_back();
    const PixelBox& box = boxes[i].box;
    const double score = boxes[i].score;
    best->x0 += score * box.x;
    best->y0 += score * box.y;
    best->x1 += score * (box.x + box.width);
    best->y1 += score * (box.y + box.height);
    best->weight += score;
    best->members.push_back(i);
  }
  std::vector<std::vector<size_t>> out;
  for (auto& mean : means) out.push_back(mean.members);
  std::sort(out.begin(), out.end());
  return out;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("strips change nothing: NMS and WBF as they are written") {
  for (const double iou_thr : {0., .05, .3, .5, .8, 1.}) {
    for (const double side : {60., 400., 5000.}) {
      auto boxes = drawn_boxes(600, 80, side, 3);
      // Some are far wider or narrower than the others.
      for (size_t i = 0; i < boxes.size(); i += 7) boxes[i].box.width *= i % 2 == 0 ? 30 : .02;
      CAPTURE(iou_thr, side);
      const auto kept = fuse_boxes({boxes}, {}, {.method = FusionMethod::nms, .iou_thr = iou_thr});
      std::vector<size_t> indices;
      for (const auto& box : kept) indices.push_back(box.members[0].box);
      CHECK(indices == plain_nms(boxes, iou_thr));
      std::vector<std::vector<size_t>> clusters;
      for (const auto& box : fuse_boxes({boxes}, {}, {.iou_thr = iou_thr})) {
        auto& members = clusters.emplace_back();
        for (const auto& member : box.members) members.push_back(member.box);
      }
      std::sort(clusters.begin(), clusters.end());
      CHECK(clusters == plain_wbf(boxes, iou_thr));
    }
  }
}

TEST_CASE("fusion: the order of models and a mirror do not matter where scores differ") {
  const auto first = drawn_boxes(80, 20, 400, 1), second = drawn_boxes(60, 20, 400, 2);
  const auto mirrored = [](std::vector<FoundBox> boxes) {
    for (auto& found : boxes) found.box.x = 512 - found.box.x - found.box.width;
    return boxes;
  };
  const ImageSize image{512, 512};
  for (const auto& name : fusion_method_names()) {
    CAPTURE(name);
    const FusionOptions options{.method = parse_fusion_method(name)};
    const auto one = fuse_boxes({first, second}, image, options);
    const auto other = fuse_boxes({second, first}, image, options);
    const auto mirror = fuse_boxes({mirrored(first), mirrored(second)}, image, options);
    REQUIRE(one.size() == other.size());
    REQUIRE(one.size() == mirror.size());
    for (size_t i = 0; i < one.size(); ++i) {
      CHECK(one[i].found.score == other[i].found.score);
      CHECK(one[i].found.box.x == other[i].found.box.x);
      CHECK(one[i].found.score == Approx(mirror[i].found.score));
      CHECK(512 - one[i].found.box.x - one[i].found.box.width ==
            Approx(mirror[i].found.box.x).margin(1e-3));
    }
  }
}

TEST_CASE("10,000 boxes of one class: NMS is quicker than as written, and no rule takes minutes") {
  const auto spread = drawn_boxes(10000, 1000, 8000, 1);
  const ImageSize image{8100, 8100};
  size_t kept = 0, plain_kept = 0;
  // The shortest of several runs, since other programs run too.
  double nms = 1, plain = 1;
  for (int run = 0; run < 5; ++run) {
    nms = std::min(nms, seconds_of([&] {
                     kept = fuse_boxes({spread}, image, {.method = FusionMethod::nms}).size();
                   }));
    plain = std::min(plain, seconds_of([&] { plain_kept = plain_nms(spread, .55).size(); }));
  }
  CHECK(kept == plain_kept);
  CHECK(kept > 700);
  CHECK(kept < 1300);
  CHECK(nms < plain / 2);
  CHECK(nms < .1);
  // All in one place: nothing can be left out of a search.
  const auto crowded = drawn_boxes(10000, 1, 1, 1);
  for (const auto& name : fusion_method_names()) {
    CAPTURE(name);
    const FusionOptions options{.method = parse_fusion_method(name), .iou_thr = .98};
    CHECK(seconds_of([&] { fuse_boxes({crowded}, image, options); }) < 10);
  }
}
