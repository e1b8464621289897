// SPDX-License-Identifier: Apache-2.0
#pragma once
// The network of a one-stage detector. Internal to detector.
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "nn/backbone.hpp"

namespace evenray {

/// The outputs of a detector at all points of an image, in the order of Points.
struct PointOutputs {
  torch::Tensor classes;  ///< [B,P,C] logits, one sigmoid per class
  torch::Tensor sides;    ///< [B,P,4 * kBins] logits of the distances to the sides, see points.hpp
};

/// [B,1,H,W] -> PointOutputs. A backbone, a pyramid of maps P2 to P5 with path aggregation (Lin et
/// al. 2017; Liu et al. 2018, PANet) and one head for all maps, whose convolutions are shared and
/// whose batch norms are not (Lyu et al. 2022, RTMDet). All their convolutions are depthwise
/// separable. A backbone of fewer stages gets its last maps by further convolutions of stride 2.
struct DetectorNet final : torch::nn::Module {
  DetectorNet(const std::string& arch, int64_t classes, const std::string& size);
  PointOutputs forward(const torch::Tensor& images);

  std::shared_ptr<Backbone> trunk;

 private:
  struct Pyramid;
  struct Head;
  std::shared_ptr<Pyramid> pyramid_;
  std::shared_ptr<Head> head_;
};

/// Returns a new network. Initial weights are drawn from torch's generator (seed_torch); all scores
/// start near .01 (Lin et al. 2017, "Focal loss", section 4.1). Throws 78 for an unknown
/// architecture or size.
std::shared_ptr<DetectorNet> make_detector(const std::string& arch,
                                           int64_t classes,
                                           const std::string& size);

}  // namespace evenray
