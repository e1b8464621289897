// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace evenray {

/// A network without its head. The caller decides how to use its stages (pooling, a pyramid).
struct Backbone : torch::nn::Module {
  /// Returns the feature maps [B,C,h,w] of a batch of images [B,1,H,W], finest first: C2, C3, ...
  /// with strides 4, 8, ... (a side of n pixels gives ceil(n / stride) positions).
  virtual std::vector<torch::Tensor> stages(const torch::Tensor& x) = 0;
  int64_t features = 0;  ///< channels of the last stage; set by the constructor
};

/// Returns the names of all backbones: small (a stem and three residual blocks, C2 to C4 of 32, 64
/// and 128 channels, about .3 M parameters) and resnet18 (He et al. 2016 with a one-channel stem,
/// C2 to C5 of 64 to 512 channels, 11.2 M parameters).
std::vector<std::string> backbone_names();

/// Makes a backbone with random weights from torch's generator. Throws 78 "unknown architecture 'x'
/// (known: ...)"; a command that got the name from a flag converts this to 2.
std::shared_ptr<Backbone> make_backbone(const std::string& name);

}  // namespace evenray
