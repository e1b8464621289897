// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace evenray {

/// A network without its head: maps [B,1,H,W] to [B,features], averaged over all positions.
struct Backbone : torch::nn::Module {
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  int64_t features = 0;  ///< length of the feature vectors; set by the constructor
};

/// Returns the names of all backbones: small (a stem and three residual blocks, 16 to 128 channels,
/// about .3 M parameters) and resnet18 (He et al. 2016 with a one-channel stem, 11.2 M parameters).
std::vector<std::string> backbone_names();

/// Makes a backbone with random weights from torch's generator. Throws 78 "unknown architecture 'x'
/// (known: ...)"; a command that got the name from a flag converts this to 2.
std::shared_ptr<Backbone> make_backbone(const std::string& name);

}  // namespace evenray
