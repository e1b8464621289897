// SPDX-License-Identifier: Apache-2.0
#pragma once
// The backbones of two-stage detectors. Internal to rcnn.
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "rcnn/options.hpp"

namespace evenray {

/// A backbone of which some layers may be frozen.
struct Trunk : torch::nn::Module {
  /// Returns the maps [N,C,h,w] of images [N,input_channels,H,W], the finest first: all that a
  /// pyramid takes.
  virtual std::vector<torch::Tensor> maps(const torch::Tensor& images) = 0;
  void train(bool on = true) override;

  int64_t input_channels = 1;
  std::vector<int64_t> channels;                           ///< of each map
  std::vector<std::shared_ptr<torch::nn::Module>> frozen;  ///< modules that stay in eval mode
  /// Prefixes of the names of its tensors, in groups from the input to the output.
  std::vector<std::vector<std::string>> depths;
};

/// Makes a backbone with random weights from torch's generator. Only the parameters of its last
/// `trainable_layers` groups require a gradient, and of frozen norms none; the other groups and
/// frozen norms stay in eval mode. Throws 78 for an unknown architecture.
std::shared_ptr<Trunk> make_trunk(const RcnnOptions& options);

/// VGG-16 (Simonyan & Zisserman 2015) without batch norms and without the last pooling layer, with
/// torchvision's names and three input channels: maps of strides 4, 8 and 16. 5 groups of layers.
std::shared_ptr<Trunk> make_vgg16_trunk();

/// ResNet-50 (He et al. 2016) with torchvision's names and three input channels.
std::shared_ptr<Trunk> make_resnet50_trunk(double norm_epsilon);

}  // namespace evenray
