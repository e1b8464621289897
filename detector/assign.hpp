// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which points learn which boxes. Internal to detector.
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"
#include "detector/points.hpp"

namespace evenray {

/// The present predictions for one image, on the CPU.
struct PointPredictions {
  const float* classes;  ///< [P,C] logits
  const float* boxes;    ///< [P,4] x0, y0, x1, y1 in pixels
  int64_t class_count;
};

/// One point that learns a box.
struct Assigned {
  int64_t point;
  size_t box;     ///< index into the boxes of the image
  float overlap;  ///< intersection over union of that box and the predicted one
};

/// Returns the points that learn a box, in their order; each point learns one box at most. All
/// other points learn that there is nothing.
///
/// For each box, candidates are the points inside it or nearer to its centre than their stride (so
/// that the smallest box has some on every map). Each has a cost, and the k cheapest learn the box,
/// where k is the sum of the highest overlaps of candidates, rounded down, but at least 1. A point
/// that several boxes choose learns the one with the lowest cost.
///
/// `soft`: dynamic soft labels (Lyu et al. 2022, RTMDet, equations 2 to 4): cost = soft cross
/// entropy of the score and the overlap, times the square of their difference, - 3 log(overlap) +
/// 10^(distance / stride - 3), and k of the 13 highest overlaps. `simota` (Ge et al. 2021, YOLOX,
/// section 2.3, with the costs of its code): cost = cross entropy of all scores and the class - 3
/// log(overlap) + 1e5 unless the point is both inside the box and less than 1.5 strides from its
/// centre in x and y; k of the 10 highest overlaps.
std::vector<Assigned> assign_points(const Points& points,
                                    const PointPredictions& predictions,
                                    const std::vector<Box>& boxes,
                                    const std::string& assigner);

}  // namespace evenray
