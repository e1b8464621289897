// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace evenray {

/// A network without its head. The names and shapes of its tensors are those of the package timm,
/// except that the stem has one input channel.
struct Backbone : torch::nn::Module {
  /// Returns the feature maps [B,C,h,w] of a batch of images [B,1,H,W], finest first: C2, C3, ...
  /// with strides 4, 8, ... (a side of n pixels gives ceil(n / stride) positions; after C2,
  /// densenet121 rounds down). No side may be shorter than least_px.
  virtual std::vector<torch::Tensor> stages(const torch::Tensor& x) = 0;
  /// Returns the map [B,features,h,w] whose mean over space is the input of a classifier.
  virtual torch::Tensor final_map(const torch::Tensor& x) { return stages(x).back(); }

  // Set by the constructor.
  int64_t features = 0;     ///< channels of final_map()
  std::string head = "fc";  ///< the name that timm gives to the layer after it
  std::string stem;         ///< the first layer; its weight has one input channel
  int64_t least_px = 8;     ///< the shortest side of an image that it accepts
  /// Prefixes of the names of its tensors, in groups from the input to the output.
  std::vector<std::vector<std::string>> depths;
};

/// Returns the names of all backbones: small (a stem and three residual blocks, C2 to C4 of 32, 64
/// and 128 channels, .3 M parameters) and, with timm's names,
/// resnet18 and resnet50 (He et al. 2016; the stride is in the 3x3 convolution),
/// tf_efficientnet_lite0 to lite2 (Tan & Le 2019 without squeeze-and-excitation, with ReLU6 and
/// TensorFlow's padding), mobilenetv2_100 (Sandler et al. 2018) and densenet121 (Huang et al.
/// 2017).
std::vector<std::string> backbone_names();

/// Makes a backbone with random weights from torch's generator. Throws 78 "unknown architecture 'x'
/// (known: ...)"; a command that got the name from a flag converts this to 2.
std::shared_ptr<Backbone> make_backbone(const std::string& name);

}  // namespace evenray
