// SPDX-License-Identifier: Apache-2.0
#pragma once
// The first stage: where there may be an object. Internal to rcnn.
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <memory>
#include <vector>

#include "rcnn/box_tensors.hpp"
#include "rcnn/matching.hpp"
#include "rcnn/options.hpp"

namespace evenray {

/// The size of a minibatch's images in pixels: as given, and with the margin at the right and below
/// that makes their sides multiples of 32.
struct ImageSizes {
  int64_t height, width, padded_height, padded_width;
};

/// The outputs of the head at all anchors of all maps, in the order of anchors_of().
struct AnchorOutputs {
  torch::Tensor scores;              ///< [N,A] logits
  torch::Tensor codes;               ///< [N,A,4], see decode_boxes()
  torch::Tensor anchors;             ///< [A,4], on the CPU
  std::vector<int64_t> of_each_map;  ///< numbers of anchors
};

/// Both losses of the first stage, scalars.
struct ProposalLoss {
  torch::Tensor objectness;  ///< cross entropy
  torch::Tensor boxes;       ///< smooth L1 with beta = 1/9 (Girshick 2015, equation 3)
};

/// The region proposal network (Ren et al. 2015, section 3), with torchvision's names.
struct ProposalNet final : torch::nn::Module {
  ProposalNet(int64_t channels, const RcnnOptions& options);

  /// `maps`: [N,C,h,w]. The outputs are f32, or f64 of maps of f64.
  AnchorOutputs forward(const std::vector<torch::Tensor>& maps, const ImageSizes& sizes);

  /// Returns the proposals [K,4] of each image on the CPU, the highest score first: of each map at
  /// most `candidates` with the highest scores, clipped, after non-maximum suppression of each map
  /// at most `proposals`.
  std::vector<torch::Tensor> proposals(const AnchorOutputs& outputs,
                                       const ImageSizes& sizes,
                                       int64_t candidates,
                                       int64_t proposals) const;

  /// `targets`: of each image.
  ProposalLoss loss(const AnchorOutputs& outputs,
                    const std::vector<Targets>& targets,
                    const Sampler& sampler) const;

 private:
  struct Head;
  RcnnOptions options_;
  std::vector<std::vector<double>> sizes_;  ///< of anchors, of each map
  std::shared_ptr<Head> head_;
};

}  // namespace evenray
