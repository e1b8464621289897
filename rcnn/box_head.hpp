// SPDX-License-Identifier: Apache-2.0
#pragma once
// The second stage: which object a proposal is, and where exactly. Internal to rcnn.
#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "rcnn/box_tensors.hpp"
#include "rcnn/matching.hpp"
#include "rcnn/options.hpp"
#include "rcnn/roi_align.hpp"

namespace evenray {

/// The boxes found in an image, the highest score first, on the CPU.
struct RcnnFound {
  torch::Tensor boxes;   ///< [N,4] f32: x0, y0, x1, y1 in pixels, in the image
  torch::Tensor labels;  ///< [N] i64 class indices, from 0
  torch::Tensor scores;  ///< [N] f32
  /// [N,28,28] f32 probabilities that a part of the box belongs to the object, see pasted_mask();
  /// undefined if no masks were looked for.
  torch::Tensor masks;
};

/// The proposals of an image that are trained on, on the CPU.
struct TrainedProposals {
  torch::Tensor boxes;    ///< [K,4]
  torch::Tensor classes;  ///< [K] i64: 1 + the class index, or 0 for no object
  torch::Tensor matches;  ///< [K] i64 indices of true boxes; 0 for no object
};

/// Both losses of the second stage, scalars.
struct BoxLoss {
  torch::Tensor classes;  ///< cross entropy
  torch::Tensor boxes;    ///< smooth L1 with beta = 1/9
};

/// The outputs for all proposals.
struct BoxOutputs {
  torch::Tensor logits;  ///< [K,1 + classes]; the first is no object
  torch::Tensor codes;   ///< [K,4 * (1 + classes)], see decode_boxes()
};

/// Fast R-CNN's head (Girshick 2015) on RoIAlign: two hidden layers, with torchvision's names.
struct BoxHead final : torch::nn::Module {
  BoxHead(int64_t channels, int64_t classes, const RcnnOptions& options);

  BoxOutputs forward(const ScaledMaps& maps, const std::vector<torch::Tensor>& proposals);

  /// Returns the boxes of each image, see RcnnOptions. `proposals`: on the CPU.
  std::vector<RcnnFound> find(const BoxOutputs& outputs,
                              const std::vector<torch::Tensor>& proposals,
                              int64_t height,
                              int64_t width) const;

  /// Adds the true boxes of an image to its proposals, both on the CPU, matches and samples them.
  TrainedProposals choose(const torch::Tensor& proposals,
                          const Targets& targets,
                          const Sampler& sampler) const;

  /// `chosen` and `targets`: of each image.
  BoxLoss loss(const BoxOutputs& outputs,
               const std::vector<TrainedProposals>& chosen,
               const std::vector<Targets>& targets) const;

 private:
  struct Hidden;
  struct Predictor;
  RcnnOptions options_;
  std::shared_ptr<Hidden> hidden_;
  std::shared_ptr<Predictor> predictor_;
};

}  // namespace evenray
