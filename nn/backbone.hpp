// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace evenray {

/// A trunk: [B,1,H,W] -> [B,features], pooled over space.
struct Backbone : torch::nn::Module {
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  int64_t features = 0;
};

/// Names of kBackbones: small (4 residual stages of 16 to 128 channels, about .3 M parameters),
/// resnet18 (He et al. 2016 with a one-channel stem, 11.2 M).
std::vector<std::string> backbone_names();

/// Throws 78 "unknown architecture 'x' (known: ...)"; a command that took the name from a flag
/// turns it into 2.
std::shared_ptr<Backbone> make_backbone(const std::string& name);

}  // namespace evenray
