// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operations on tensors of boxes: [N,4] with x0, y0, x1, y1 in pixels, where (x1, y1) is the far
// edge. All give the numbers of torchvision 0.28. Internal to rcnn.
#include <torch/types.h>

#include <array>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// The factors of the four codes of a box: of x, y, width and height.
using CodeWeights = std::array<double, 4>;

/// Returns the codes [N,4] of boxes relative to reference boxes [N,4] with sides above 0: (x - rx)
/// / rw, (y - ry) / rh, log(w / rw) and log(h / rh), each times its weight, where x and y are
/// centres (Girshick et al. 2014, appendix C).
torch::Tensor encode_boxes(const torch::Tensor& boxes,
                           const torch::Tensor& references,
                           const CodeWeights& weights);

/// Returns the boxes [N,4 * K] that K sets of codes [N,4 * K] describe relative to references
/// [N,4]. A side is at most 1000 / 16 times that of its reference, so that exp() stays finite.
torch::Tensor decode_boxes(const torch::Tensor& codes,
                           const torch::Tensor& references,
                           const CodeWeights& weights);

/// Returns the boxes [...,4], clipped to an image of this size.
torch::Tensor clip_boxes(const torch::Tensor& boxes, int64_t height, int64_t width);

/// Returns which boxes [N,4] have no side below `least_px`, as [N] of bool.
torch::Tensor large_enough(const torch::Tensor& boxes, double least_px);

/// Returns f64 as it is, other numbers as f32: boxes and scores need more than bf16.
torch::Tensor at_least_f32(const torch::Tensor& x);

/// The boxes of an image for training.
struct Targets {
  torch::Tensor boxes;   ///< [N,4] f32
  torch::Tensor labels;  ///< [N] i64 class indices, from 0
};

/// Returns the boxes of an image as tensors on the CPU. Boxes without an area are left out.
Targets targets_of(const std::vector<Box>& boxes);

}  // namespace evenray
