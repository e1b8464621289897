// SPDX-License-Identifier: Apache-2.0
#pragma once
// The losses of a one-stage detector. Internal to detector.
#include <torch/types.h>

#include <array>
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"
#include "detector/network.hpp"
#include "detector/points.hpp"

namespace evenray {

/// Quality focal loss (Li et al. 2020, "Generalized Focal Loss", equation 4, beta = 2): the cross
/// entropy of sigmoid(logits) and `quality` (0 to 1) times the square of their difference. Returns
/// the shape of `logits`.
torch::Tensor quality_focal_loss(const torch::Tensor& logits, const torch::Tensor& quality);

/// Distribution focal loss (the same, equation 6). `side_logits`: [N,4 * kBins]; `distances`: [N,4]
/// in strides, from 0 to less than kBins - 1. Returns the mean over the sides, [N].
torch::Tensor distribution_focal_loss(const torch::Tensor& side_logits,
                                      const torch::Tensor& distances);

/// 1 - generalised intersection over union (Rezatofighi et al. 2019) of pairs of boxes [N,4] as x0,
/// y0, x1, y1. Returns [N], from 0 to 2.
torch::Tensor giou_loss(const torch::Tensor& a, const torch::Tensor& b);

/// The parts of the loss of a minibatch, each a scalar, with their weights.
struct DetectorLoss {
  torch::Tensor quality, overlap, distribution;

  static constexpr std::array<double, 3> kWeights{1, 2, .25};
  torch::Tensor total() const {
    return kWeights[0] * quality + kWeights[1] * overlap + kWeights[2] * distribution;
  }
};

/// Assigns the boxes of each image to points, and returns the losses. `boxes`: of each image, in
/// pixels, with class indices as labels. All parts are divided by the sum of the overlaps of
/// assigned points with their boxes (at least 1); those of boxes are weighted with the overlaps.
/// Copies the predictions to the CPU, on `threads` threads of which the boxes are assigned.
DetectorLoss detector_loss(const PointOutputs& outputs,
                           const Points& points,
                           const PointTensors& point_tensors,
                           const std::vector<std::vector<Box>>& boxes,
                           const std::string& assigner,
                           int threads);

}  // namespace evenray
