// SPDX-License-Identifier: Apache-2.0
#pragma once
// A network that finds boxes, as trainings and predictions see it: one-stage (network.hpp),
// two-stage (the rcnn room) or by outlines (unet.hpp). Internal to detector.
#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"
#include "detector/options.hpp"
#include "metrics/detection/boxes.hpp"
#include "nn/backbone.hpp"
#include "rcnn/faster_rcnn.hpp"

namespace evenray {

/// Images are [N,1,H,W], f32, as network_input() gives them.
struct BoxModel : torch::nn::Module {
  /// Returns the loss of a minibatch, a scalar with gradients. `boxes`: of each image, in pixels,
  /// with class indices as labels. All random draws come from `rng`.
  virtual torch::Tensor loss(const torch::Tensor& images,
                             const std::vector<std::vector<Box>>& boxes,
                             const Rng& rng) = 0;
  /// Returns the boxes in each image, the highest score first: those with a score of
  /// detect.least_score or more, clipped to the image, after non-maximum suppression of each class
  /// with detect.nms (not of a U-Net, whose objects share no pixel), at most detect.most_boxes. In
  /// eval mode, without gradients. `masks`: also their masks, of a network that gives_masks().
  virtual std::vector<std::vector<FoundBox>> find(const torch::Tensor& images, bool masks) = 0;

  /// Returns the backbone whose weights a classifier of nn has; nullptr for a two-stage network.
  virtual Backbone* one_channel_trunk() { return nullptr; }

  int64_t least_px = 1;  ///< the shortest side of an image that it accepts
};

/// How a two-stage network sees pixels, and what its norms add to variances: that of the weights
/// that it started from.
struct PixelInput {
  std::vector<double> mean{.485, .456, .406}, deviation{.229, .224, .225};  ///< red first
  double norm_epsilon = 1e-5;
};

/// Returns a new network. Initial weights are drawn from torch's generator (seed_torch). Throws 78
/// for options out of range. `threads`: for work on the CPU.
std::shared_ptr<BoxModel> make_box_model(const DetectOptions& options,
                                         int64_t classes,
                                         const PixelInput& input,
                                         int threads);

/// Returns a new two-stage network, and the network inside one. Used by make_box_model() and
/// StartWeights.
std::shared_ptr<BoxModel> make_two_stage(const DetectOptions& options,
                                         int64_t classes,
                                         const PixelInput& input);
RcnnNet& two_stage_net(BoxModel& model);

}  // namespace evenray
