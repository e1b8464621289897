// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the classifier room only.
#include <torch/nn/module.h>

#include <memory>
#include <string>

namespace evenray {

/// [B,1,H,W] -> [B,classes] logits. Keys: trunk.*, fc.*.
struct ClassifierNet : torch::nn::Module {
  /// What the last layer is shown: the trunk pooled over space.
  virtual torch::Tensor features(const torch::Tensor& images) = 0;
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;
};

/// Weights are drawn from torch's generator (seed_torch), the last layer starts at 0. Throws 78 for
/// an unknown architecture.
std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch, int64_t classes);

}  // namespace evenray
