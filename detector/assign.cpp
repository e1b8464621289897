// SPDX-License-Identifier: Apache-2.0
#include "detector/assign.hpp"

#include <algorithm>
#include <cmath>

namespace evenray {
namespace {

constexpr float kLeastOverlap = 1e-7f;

float overlap_of(const Box& box, const float* other) {
  const float width = std::min(box.x1, other[2]) - std::max(box.x0, other[0]);
  const float height = std::min(box.y1, other[3]) - std::max(box.y0, other[1]);
  if (width <= 0 || height <= 0) return 0;
  const float both = width * height;
  const float all =
      (box.x1 - box.x0) * (box.y1 - box.y0) + (other[2] - other[0]) * (other[3] - other[1]) - both;
  return both / all;
}

/// log(1 + e^x).
float softplus(float x) { return std::max(x, 0.f) + std::log1p(std::exp(-std::abs(x))); }
/// Cross entropy of a sigmoid with this logit and a label from 0 to 1.
float cross_entropy(float logit, float label) { return softplus(logit) - label * logit; }

struct Candidate {
  int64_t point;
  float overlap, cost;
};

/// Finds the candidates of one box.
class Candidates {
 public:
  Candidates(const Points& points, const PointPredictions& predictions, bool soft)
      : points_(points), predictions_(predictions), soft_(soft) {}

  std::vector<Candidate> of(const Box& box) const {
    std::vector<Candidate> out;
    const float middle_x = (box.x0 + box.x1) / 2, middle_y = (box.y0 + box.y1) / 2;
    for (const auto& level : points_.levels) {
      const auto step = static_cast<float>(level.stride);
      // Points with |position - middle| < reach may be candidates.
      const auto range = [&](float low, float high, float middle, int64_t count) {
        const float first = std::min(low, middle - step), last = std::max(high, middle + step);
        return std::pair{
            std::clamp<int64_t>(std::llround(std::ceil(first / step - .5f)), 0, count),
            std::clamp<int64_t>(std::llround(std::floor(last / step - .5f)) + 1, 0, count)};
      };
      const auto [x_first, x_end] = range(box.x0, box.x1, middle_x, level.columns);
      const auto [y_first, y_end] = range(box.y0, box.y1, middle_y, level.rows);
      for (int64_t row = y_first; row < y_end; ++row)
        for (int64_t column = x_first; column < x_end; ++column) {
          const int64_t point = level.first + row * level.columns + column;
          const auto p = static_cast<size_t>(point);
          const float x = points_.x[p], y = points_.y[p];
          const bool inside = x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1;
          const float dx = (x - middle_x) / step, dy = (y - middle_y) / step;
          if (!inside && dx * dx + dy * dy >= 1) continue;
          const float overlap = overlap_of(box, predictions_.boxes + 4 * point);
          out.push_back({point, overlap, cost(box, point, overlap, dx, dy, inside)});
        }
    }
    return out;
  }

 private:
  float cost(const Box& box, int64_t point, float overlap, float dx, float dy, bool inside) const {
    const float* logits = predictions_.classes + point * predictions_.class_count;
    const float apart = -3 * std::log(overlap + kLeastOverlap);
    if (soft_) {
      const float logit = logits[box.label];
      const float difference = overlap - 1 / (1 + std::exp(-logit));
      return cross_entropy(logit, overlap) * difference * difference + apart +
             std::pow(10.f, std::sqrt(dx * dx + dy * dy) - 3);
    }
    float of_classes = 0;
    for (int64_t c = 0; c < predictions_.class_count; ++c)
      of_classes += cross_entropy(logits[c], c == box.label ? 1.f : 0.f);
    const bool central = inside && std::abs(dx) < 1.5f && std::abs(dy) < 1.5f;
    return of_classes + apart + (central ? 0 : 1e5f);
  }

  const Points& points_;
  const PointPredictions& predictions_;
  bool soft_;
};

/// Returns the sum of the `most` highest overlaps, rounded down, but at least 1.
size_t dynamic_count(const std::vector<Candidate>& candidates, size_t most) {
  std::vector<float> overlaps;
  for (const auto& candidate : candidates) overlaps.push_back(candidate.overlap);
  const auto end = overlaps.begin() + static_cast<std::ptrdiff_t>(std::min(most, overlaps.size()));
  std::partial_sort(overlaps.begin(), end, overlaps.end(), std::greater<>());
  double sum = 0;
  for (auto value = overlaps.begin(); value != end; ++value) sum += *value;
  return std::max<size_t>(1, static_cast<size_t>(sum));
}

}  // namespace

std::vector<Assigned> assign_points(const Points& points,
                                    const PointPredictions& predictions,
                                    const std::vector<Box>& boxes,
                                    const std::string& assigner) {
  const bool soft = assigner == "soft";
  const Candidates candidates(points, predictions, soft);
  struct Choice {
    Assigned assigned;
    float cost;
  };
  std::vector<Choice> choices;
  for (size_t b = 0; b < boxes.size(); ++b) {
    auto of_box = candidates.of(boxes[b]);
    const size_t count = std::min(of_box.size(), dynamic_count(of_box, soft ? 13 : 10));
    // Of equal costs, the earlier point.
    const auto end = of_box.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(
        of_box.begin(), end, of_box.end(), [](const Candidate& a, const Candidate& other) {
          return std::pair{a.cost, a.point} < std::pair{other.cost, other.point};
        });
    for (auto one = of_box.begin(); one != end; ++one)
      choices.push_back({{one->point, b, one->overlap}, one->cost});
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return std::tuple{a.assigned.point, a.cost, a.assigned.box} <
           std::tuple{b.assigned.point, b.cost, b.assigned.box};
  });
  std::vector<Assigned> out;
  for (const auto& choice : choices)
    if (out.empty() || out.back().point != choice.assigned.point) out.push_back(choice.assigned);
  return out;
}

}  // namespace evenray
