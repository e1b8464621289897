// SPDX-License-Identifier: Apache-2.0
#pragma once
// The network of a classifier. Internal to classifier.
#include <torch/nn/module.h>

#include <memory>
#include <string>

namespace evenray {

/// [B,1,H,W] -> [B,classes] logits. Names of parameters: trunk.*, fc.*.
struct ClassifierNet : torch::nn::Module {
  /// Returns the input of the last layer, [B,D]: the trunk's output, averaged over space.
  virtual torch::Tensor features(const torch::Tensor& images) = 0;
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;
};

/// Returns a new network. Initial weights are drawn from torch's generator (seed_torch); the last
/// layer starts at 0. Throws 78 for an unknown architecture.
std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch, int64_t classes);

}  // namespace evenray
