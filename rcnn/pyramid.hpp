// SPDX-License-Identifier: Apache-2.0
#pragma once
// Maps of several strides with equal channels. Internal to rcnn.
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>

#include <memory>
#include <vector>

namespace evenray {

/// Lin et al. 2017, "Feature pyramid networks", section 3: lateral 1x1 convolutions, enlargement by
/// the nearest neighbour and 3x3 convolutions, with torchvision's names. After the maps of the
/// backbone comes every second position of the last one.
struct FeaturePyramid final : torch::nn::Module {
  /// `in`: channels of the maps of the backbone.
  FeaturePyramid(const std::vector<int64_t>& in, int64_t channels);
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& maps);

 private:
  torch::nn::ModuleList inner_blocks_, layer_blocks_;
};

}  // namespace evenray
