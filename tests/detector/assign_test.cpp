// SPDX-License-Identifier: Apache-2.0
#include "detector/assign.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

struct Predicted {
  std::vector<float> classes, boxes;
  int64_t class_count;
  PointPredictions view() const { return {classes.data(), boxes.data(), class_count}; }
};

/// Boxes of 7 strides around each point, moved at random, with random logits.
Predicted random_predictions(const Points& points, int64_t classes, Rng rng) {
  Predicted out{{}, {}, classes};
  for (size_t p = 0; p < points.x.size(); ++p) {
    for (int64_t c = 0; c < classes; ++c)
      out.classes.push_back(static_cast<float>(rng.uniform(-4, 1)));
    const float side = points.stride[p];
    for (const float sign : {-1.f, 1.f})
      for (const float middle : {points.x[p], points.y[p]})
        out.boxes.push_back(middle + sign * side * static_cast<float>(rng.uniform(.5, 3.5)));
  }
  return out;
}

double plain_overlap(const Box& a, const float* b) {
  const double width = std::max(0., double{std::min(a.x1, b[2])} - std::max(a.x0, b[0]));
  const double height = std::max(0., double{std::min(a.y1, b[3])} - std::max(a.y0, b[1]));
  const double both = width * height;
  return both / (a.area() + (double{b[2]} - b[0]) * (double{b[3]} - b[1]) - both);
}

/// The definition, over all points and without shortcuts.
std::map<int64_t, size_t> assigned_by_definition(const Points& points,
                                                 const Predicted& predicted,
                                                 const std::vector<Box>& boxes,
                                                 bool soft) {
  struct Chosen {
    size_t box;
    double cost;
  };
  std::map<int64_t, Chosen> chosen;
  for (size_t b = 0; b < boxes.size(); ++b) {
    const Box& box = boxes[b];
    std::vector<std::pair<double, int64_t>> costs;
    std::vector<double> overlaps;
    for (int64_t p = 0; p < points.size(); ++p) {
      const auto i = static_cast<size_t>(p);
      const double x = points.x[i], y = points.y[i], stride = points.stride[i];
      const bool inside = x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1;
      const double dx = (x - (box.x0 + box.x1) / 2) / stride;
      const double dy = (y - (box.y0 + box.y1) / 2) / stride;
      if (!inside && std::hypot(dx, dy) >= 1) continue;
      const double overlap = plain_overlap(box, &predicted.boxes[4 * i]);
      overlaps.push_back(overlap);
      double cost = -3 * std::log(overlap + 1e-7);
      const auto entropy = [&](int64_t c, double label) {
        const double score =
            1 / (1 + std::exp(-predicted.classes[i * static_cast<size_t>(predicted.class_count) +
                                                 static_cast<size_t>(c)]));
        return -label * std::log(score) - (1 - label) * std::log(1 - score);
      };
      if (soft) {
        const double score =
            1 / (1 + std::exp(-predicted.classes[i * static_cast<size_t>(predicted.class_count) +
                                                 static_cast<size_t>(box.label)]));
        cost += entropy(box.label, overlap) * (overlap - score) * (overlap - score) +
                std::pow(10, std::hypot(dx, dy) - 3);
      } else {
        for (int64_t c = 0; c < predicted.class_count; ++c) cost += entropy(c, c == box.label);
        if (!inside || std::abs(dx) >= 1.5 || std::abs(dy) >= 1.5) cost += 1e5;
      }
      costs.emplace_back(cost, p);
    }
    std::sort(overlaps.rbegin(), overlaps.rend());
    overlaps.resize(std::min<size_t>(overlaps.size(), soft ? 13 : 10));
    double sum = 0;
    for (const double overlap : overlaps) sum += overlap;
    std::sort(costs.begin(), costs.end());
    costs.resize(std::min(costs.size(), std::max<size_t>(1, static_cast<size_t>(sum))));
    for (const auto& [cost, p] : costs)
      if (!chosen.contains(p) || cost < chosen[p].cost) chosen[p] = {b, cost};
  }
  std::map<int64_t, size_t> out;
  for (const auto& [p, one] : chosen) out[p] = one.box;
  return out;
}

}  // namespace

TEST_CASE("points are the centres of all maps' positions") {
  const Points points(20, 33);  // neither is a multiple of 32
  CHECK(points.levels.size() == 4);
  CHECK(points.size() == 5 * 9 + 3 * 5 + 2 * 3 + 1 * 2);
  CHECK(points.x[0] == 2);
  CHECK(points.y[9] == 6);
  CHECK(points.x.back() == 48);
  CHECK(points.stride.back() == 32);
  CHECK(points.levels[1].first == 45);
}

TEST_CASE("assigned points follow the definition") {
  const std::string assigner = GENERATE("soft", "simota");
  CAPTURE(assigner);
  const Points points(128, 96);
  size_t found = 0, shared = 0;
  for (uint64_t draw = 0; draw < 20; ++draw) {
    Rng rng = Rng(5).fork("case", draw);
    const Predicted predicted = random_predictions(points, 3, rng.fork("predictions"));
    std::vector<Box> boxes;
    for (int b = 0; b < 6; ++b) {
      const auto x = static_cast<float>(rng.uniform(0, 80)),
                 y = static_cast<float>(rng.uniform(0, 110));
      boxes.push_back({x,
                       y,
                       x + static_cast<float>(rng.uniform(1, 60)),
                       y + static_cast<float>(rng.uniform(1, 60)),
                       static_cast<int>(rng.below(3)),
                       {}});
    }
    const auto expected = assigned_by_definition(points, predicted, boxes, assigner == "soft");
    std::map<int64_t, size_t> assigned;
    for (const auto& one : assign_points(points, predicted.view(), boxes, assigner)) {
      assigned[one.point] = one.box;
      CHECK(one.overlap ==
            Approx(plain_overlap(boxes[one.box],
                                 &predicted.boxes[static_cast<size_t>(4 * one.point)])));
    }
    CHECK(assigned == expected);
    found += assigned.size();
    for (size_t b = 0; b < boxes.size(); ++b)
      shared += std::none_of(
          assigned.begin(), assigned.end(), [&](const auto& pair) { return pair.second == b; });
  }
  CHECK(found > 150);
  CHECK(shared < 10);  // nearly every box is learnt
}

TEST_CASE("boxes without area, and images without boxes") {
  const Points points(64, 64);
  const Predicted predicted = random_predictions(points, 1, Rng(1));
  CHECK(assign_points(points, predicted.view(), {}, "soft").empty());
  // A box of less than a pixel between points still is learnt.
  const Box tiny{20.2f, 20.2f, 20.6f, 20.6f, 0, {}};
  CHECK(assign_points(points, predicted.view(), {tiny}, "soft").size() == 1);
}

TEST_CASE("32 images of 512 px with 20 boxes each are assigned within 20 ms", "[.speed]") {
  const Points points(512, 512);
  constexpr size_t kImages = 32;
  std::vector<Predicted> predicted;
  std::vector<std::vector<Box>> boxes(kImages);
  for (size_t i = 0; i < kImages; ++i) {
    Rng rng = Rng(2).fork("image", i);
    predicted.push_back(random_predictions(points, 1, rng.fork("predictions")));
    for (int b = 0; b < 20; ++b) {
      const auto x = static_cast<float>(rng.uniform(0, 400)),
                 y = static_cast<float>(rng.uniform(0, 400));
      boxes[i].push_back({x,
                          y,
                          x + static_cast<float>(rng.uniform(8, 112)),
                          y + static_cast<float>(rng.uniform(8, 112)),
                          0,
                          {}});
    }
  }
  const std::string assigner = GENERATE("soft", "simota");
  std::vector<double> ms;
  for (int round = 0; round < 9; ++round) {
    const auto start = std::chrono::steady_clock::now();
    parallel_for(kImages, 2, [&](size_t i) {
      assign_points(points, predicted[i].view(), boxes[i], assigner);
    });
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                     .count());
  }
  std::sort(ms.begin(), ms.end());
  WARN(assigner << ": " << ms[4] << " ms");
  CHECK(ms[4] <= 20);
}
