// SPDX-License-Identifier: Apache-2.0
#pragma once
// The network of a one-stage detector. Internal to detector.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "detector/box_model.hpp"
#include "detector/points.hpp"
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
///
/// The first detect.frozen_depths groups of the backbone's layers are not trained and stay in eval
/// mode; so do its batch norms with detect.frozen_statistics.
struct DetectorNet final : BoxModel {
  /// Initial weights are drawn from torch's generator (seed_torch); all scores start near .01 (Lin
  /// et al. 2017, "Focal loss", section 4.1). Throws 78 for an unknown architecture or size.
  DetectorNet(const DetectOptions& options, int64_t classes, int threads);
  PointOutputs forward(const torch::Tensor& images);
  /// See detector_loss().
  torch::Tensor loss(const torch::Tensor& images,
                     const std::vector<std::vector<Box>>& boxes,
                     const Rng& rng) override;
  std::vector<std::vector<FoundBox>> find(const torch::Tensor& images, bool masks) override;
  void train(bool on = true) override;
  Backbone* one_channel_trunk() override { return trunk.get(); }

  std::shared_ptr<Backbone> trunk;

 private:
  /// The points of images of one size.
  struct OfSize {
    Points points;
    PointTensors tensors;
  };
  const OfSize& points_of(const torch::Tensor& images);

  struct Pyramid;
  struct Head;
  std::shared_ptr<Pyramid> pyramid_;
  std::shared_ptr<Head> head_;
  std::vector<std::shared_ptr<torch::nn::Module>> frozen_;  ///< modules that stay in eval mode
  DetectOptions options_;
  int threads_;
  std::map<std::pair<int64_t, int64_t>, OfSize> points_;
};

}  // namespace evenray
