// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "fusion/box_strips.hpp"
#include "fusion/methods.hpp"

namespace evenray {
namespace {

/// Returns the classes in the order of their indices. Scores are shares of all weights, if there
/// are weights.
std::vector<PooledClass> boxes_by_class(const BoxLists& models,
                                        const FusionFrame& frame,
                                        const FusionOptions& options) {
  std::vector<double> weights = options.weights;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.);
  weights.resize(models.size(), 1);
  auto classes = pool_boxes(models, frame, weights, options.skip_box_thr);
  if (!options.weights.empty())
    for (auto& of_class : classes)
      for (auto& box : of_class.boxes) box.score /= sum;
  std::sort(classes.begin(), classes.end(), [](const PooledClass& a, const PooledClass& b) {
    return a.class_index < b.class_index;
  });
  return classes;
}

/// A box that soft-NMS has not chosen yet, or has.
struct Candidate {
  Corners corners;
  double score;
  size_t box;
};

/// Returns candidates with lowered scores, in the order in which they are chosen, as far as their
/// scores are above `thresh`.
std::vector<Candidate> lowered(const PooledClass& of_class, const FusionOptions& options) {
  std::vector<Candidate> all;
  for (const auto& box : of_class.boxes) all.push_back({box.corners, box.score, all.size()});
  const bool linear = options.method == FusionMethod::soft_nms_linear;
  const auto factor = [&](double iou) {
    if (!linear) return std::exp(-(iou * iou) / options.sigma);
    return iou > options.iou_thr ? 1 - iou : 1;
  };
  const auto higher = [](const Candidate& a, const Candidate& b) { return a.score < b.score; };
  size_t next = static_cast<size_t>(std::max_element(all.begin(), all.end(), higher) - all.begin());
  for (size_t chosen = 0; chosen < all.size(); ++chosen) {
    std::swap(all[chosen], all[next]);
    // No later score is higher.
    if (!(all[chosen].score > options.thresh)) {
      all.resize(chosen);
      break;
    }
    next = chosen + 1;
    for (size_t i = chosen + 1; i < all.size(); ++i) {
      const double iou = corners_iou(all[chosen].corners, all[i].corners);
      if (iou > 0) all[i].score *= factor(iou);
      if (all[i].score > all[next].score) next = i;
    }
  }
  return all;
}

}  // namespace

std::vector<FusedBox> suppressed_boxes(const BoxLists& models,
                                       const FusionFrame& frame,
                                       const FusionOptions& options) {
  std::vector<FusedBox> out;
  for (auto& of_class : boxes_by_class(models, frame, options)) {
    of_class.sort();
    BoxStrips kept(of_class.boxes, options.iou_thr);
    for (const auto& box : of_class.boxes) {
      if (kept.overlaps(box.corners)) continue;
      kept.add(box.corners);
      out.push_back(single_box(models, frame, box));
    }
  }
  return out;
}

std::vector<FusedBox> softly_suppressed_boxes(const BoxLists& models,
                                              const FusionFrame& frame,
                                              const FusionOptions& options) {
  std::vector<FusedBox> out;
  for (const auto& of_class : boxes_by_class(models, frame, options)) {
    for (const auto& candidate : lowered(of_class, options)) {
      out.push_back(single_box(models, frame, of_class.boxes[candidate.box]));
      if (options.lowered_scores) out.back().found.score = candidate.score;
    }
  }
  return out;
}

}  // namespace evenray
