// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace evenray {

/// What a classifier and its explanations see of an image.
struct FinalMap {
  torch::Tensor map;    ///< [B,C,h,w]
  torch::Tensor token;  ///< of a vision transformer: its class token [B,C] before the last block
};

/// A network without its head. The names and shapes of its tensors are those of the package timm
/// (of nasnetamobile: pretrainedmodels), except that the stem has one input channel.
struct Backbone : torch::nn::Module {
  /// Returns the feature maps [B,C,h,w] of a batch of images [B,1,H,W], finest first: C2, C3, ...
  /// with strides 4, 8, ... (a side of n pixels gives ceil(n / stride) positions). No side may be
  /// shorter than least_px. Exceptions:
  /// - densenets (after C2) and vgg16_bn round down;
  /// - legacy_xception does not pad its stem, so its maps have up to 2 positions fewer per side;
  ///   nasnetamobile 1; inception_resnet_v2, which does not pad when it halves a map either, up to
  ///   5 at stride 4, 4 at 8 and 3 at 16 and 32;
  /// - vit_tiny_patch16_224 has one stage, of stride 16: the map of final_map().
  virtual std::vector<torch::Tensor> stages(const torch::Tensor& x) = 0;
  /// Returns the last map before the position of its values is lost. Of a vision transformer, these
  /// are the patches that the class token attends to in the last block, after their layer norm.
  /// (Before a layer norm, the products of values and gradients add up to 0 in each patch.)
  virtual FinalMap final_map(const torch::Tensor& x) { return {stages(x).back(), {}}; }
  /// Returns the input [B,features] of a classifier: here, the mean of the map over space. Does not
  /// change the map.
  virtual torch::Tensor pooled(const FinalMap& seen);

  // Set by the constructor.
  int64_t features = 0;     ///< length of a row of pooled()
  std::string head = "fc";  ///< the name that timm gives to the layer after it, such as head.fc
  std::string stem;         ///< the first layer; its weight has one input channel
  int64_t least_px = 8;     ///< the shortest side of an image that it accepts
  /// Prefixes of the names of its tensors, in groups from the input to the output.
  std::vector<std::vector<std::string>> depths;
};

/// Returns the names of all backbones: small (a stem and three residual blocks, C2 to C4 of 32, 64
/// and 128 channels, .3 M parameters) and, with timm's names,
/// resnet18 and resnet50 (He et al. 2016; the stride is in the 3x3 convolution),
/// efficientnet_b0 (Tan & Le 2019), tf_efficientnet_lite0 to lite2 (the same without
/// squeeze-and-excitation, with ReLU6 and TensorFlow's padding), mobilenetv2_100 (Sandler et al.
/// 2018), mobilenetv3_small_100 (Howard et al. 2019), densenet121 and densenet201 (Huang et al.
/// 2017), legacy_xception (Chollet 2017), vgg16_bn (Simonyan & Zisserman 2015, with batch norms),
/// vit_tiny_patch16_224 (Dosovitskiy et al. 2021, in the size of Touvron et al. 2021, for images of
/// any size), inception_resnet_v2 (Szegedy et al. 2017) and, with the name of pretrainedmodels,
/// nasnetamobile (Zoph et al. 2018, NASNet-A with 4 cells a stage; for images of any size, with
/// TensorFlow's padding where pretrainedmodels refuses them).
std::vector<std::string> backbone_names();

/// Makes a backbone with random weights from torch's generator. Throws 78 "unknown architecture 'x'
/// (known: ...)"; a command that got the name from a flag converts this to 2.
std::shared_ptr<Backbone> make_backbone(const std::string& name);

}  // namespace evenray
