// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rcnn room has two-stage detectors: a first stage proposes boxes, a second one says what they
// are. RcnnNet computes the loss of a minibatch and finds boxes; whoever trains it brings images,
// optimiser and steps. This header, object_mask.hpp, options.hpp, timing.hpp and weights.hpp are
// all that other rooms need. The headers inside, in reading order: box_tensors.hpp, anchors.hpp,
// matching.hpp, suppression.hpp and roi_align.hpp (operations), trunk.hpp and pyramid.hpp (maps),
// proposals.hpp (first stage) and box_head.hpp (second stage), mask_head.hpp (outlines).

#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"
#include "rcnn/box_head.hpp"
#include "rcnn/mask_head.hpp"
#include "rcnn/options.hpp"
#include "rcnn/proposals.hpp"

namespace evenray {

/// The parts of the loss of a minibatch, each a scalar.
struct RcnnLoss {
  torch::Tensor objectness, proposal_boxes;  ///< of the first stage
  torch::Tensor classes, boxes;              ///< of the second
  torch::Tensor masks;                       ///< undefined without RcnnOptions::masks

  torch::Tensor total() const {
    const auto sum = objectness + proposal_boxes + classes + boxes;
    return masks.defined() ? sum + masks : sum;
  }
};

/// Faster R-CNN (Ren et al. 2015), with a feature pyramid (Lin et al. 2017) or on one map. The
/// names of its tensors are torchvision's, so that it takes a state dict of
/// fasterrcnn_resnet50_fpn.
struct RcnnNet final : torch::nn::Module {
  /// Initial weights are drawn from torch's generator (seed_torch). `classes`: of objects, without
  /// torchvision's class 0. Throws 78 for options out of range.
  RcnnNet(const RcnnOptions& options, int64_t classes);

  /// Returns the losses of images [N,1,H,W], f32, white = 1 (or [N,3,H,W], for a backbone with
  /// three channels), in training mode. `boxes`: of each image, in pixels; those without an area
  /// are left out. All draws come from `rng`. Throws 1 for other shapes.
  RcnnLoss loss(const torch::Tensor& images,
                const std::vector<std::vector<Box>>& boxes,
                const Rng& rng);
  /// The same with samplers of the caller, of anchors and of proposals, which are called for each
  /// image in their order.
  RcnnLoss loss(const torch::Tensor& images,
                const std::vector<std::vector<Box>>& boxes,
                const Sampler& anchors,
                const Sampler& proposals);

  /// Returns the boxes in each image, in eval mode and without gradients. `masks`: also those that
  /// RcnnOptions::masks gives.
  std::vector<RcnnFound> find(const torch::Tensor& images, bool masks = true);

  /// Returns the maps of images: those of the pyramid, or the last one of the backbone.
  std::vector<torch::Tensor> maps(const torch::Tensor& images);
  /// Returns the backbone without the pyramid.
  std::shared_ptr<torch::nn::Module> trunk() const;

 private:
  struct Backbone;
  /// The maps that boxes are pooled from: all but the last of a pyramid.
  ScaledMaps pooled_maps(const std::vector<torch::Tensor>& maps, const ImageSizes& sizes) const;
  torch::Tensor mask_loss(const ScaledMaps& maps,
                          const std::vector<TrainedProposals>& chosen,
                          const std::vector<std::vector<Box>>& boxes,
                          const ImageSizes& sizes) const;
  void find_masks(const ScaledMaps& maps, std::vector<RcnnFound>& found) const;

  RcnnOptions options_;
  std::shared_ptr<Backbone> backbone_;
  std::shared_ptr<ProposalNet> rpn_;
  std::shared_ptr<BoxHead> roi_heads_;
  std::optional<MaskHead> masks_;
};

/// Returns the masks of boxes in an image of this size: the pixels with a probability above .5, see
/// pasted_mask(). The boxes must have been found with masks.
std::vector<Mask> found_masks(const RcnnFound& found, int64_t height, int64_t width);

}  // namespace evenray
