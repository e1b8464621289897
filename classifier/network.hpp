// SPDX-License-Identifier: Apache-2.0
#pragma once
// The network of a classifier. Internal to classifier.
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <string>

#include "nn/backbone.hpp"

namespace evenray {

/// [B,1,H,W] -> [B,classes] logits. Names of tensors: trunk.NAME and HEAD.NAME, see Backbone.
struct ClassifierNet final : torch::nn::Module {
  ClassifierNet(const std::string& arch, int64_t classes, double cosine_scale);
  /// Returns what explanations see.
  FinalMap map(const torch::Tensor& images) { return trunk->final_map(images); }
  /// Returns the input [B,D] of the last layer, from what map() returned.
  torch::Tensor pooled(const FinalMap& seen) { return trunk->pooled(seen); }
  /// Returns the same from images.
  torch::Tensor features(const torch::Tensor& images) { return pooled(map(images)); }
  /// Returns the logits [B,classes] of features [B,D]: the outputs of the last layer, or if
  /// cosine_scale is not 0, the cosines of the features and each class's weights, times it.
  torch::Tensor classify(const torch::Tensor& features);
  torch::Tensor forward(const torch::Tensor& images) { return classify(features(images)); }

  std::shared_ptr<Backbone> trunk;
  torch::nn::Linear head;
  double cosine_scale;
};

/// Returns a new network. Initial weights are drawn from torch's generator (seed_torch); the last
/// layer starts at 0, unless its cosines are used. Throws 78 for an unknown architecture.
std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch,
                                               int64_t classes,
                                               double cosine_scale = 0);

}  // namespace evenray
