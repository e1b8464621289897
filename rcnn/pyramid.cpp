// SPDX-License-Identifier: Apache-2.0
#include "rcnn/pyramid.hpp"

#include <torch/nn.h>

namespace evenray {
namespace {

/// A convolution with bias, in a list of one layer as torchvision has it.
torch::nn::Sequential pyramid_layer(int64_t in, int64_t out, int64_t kernel) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(in, out, kernel).padding((kernel - 1) / 2));
  torch::nn::init::kaiming_uniform_(layer->weight, /*a=*/1);
  torch::nn::init::zeros_(layer->bias);
  return torch::nn::Sequential(layer);
}

}  // namespace

FeaturePyramid::FeaturePyramid(const std::vector<int64_t>& in, int64_t channels) {
  for (const int64_t of_map : in) {
    inner_blocks_->push_back(pyramid_layer(of_map, channels, 1));
    layer_blocks_->push_back(pyramid_layer(channels, channels, 3));
  }
  register_module("inner_blocks", inner_blocks_);
  register_module("layer_blocks", layer_blocks_);
}

std::vector<torch::Tensor> FeaturePyramid::forward(const std::vector<torch::Tensor>& maps) {
  std::vector<torch::Tensor> out(maps.size());
  torch::Tensor above;
  for (size_t i = maps.size(); i-- > 0;) {
    auto lateral = inner_blocks_[i]->as<torch::nn::Sequential>()->forward(maps[i]);
    if (above.defined())
      lateral = lateral + torch::upsample_nearest2d(above, {lateral.size(2), lateral.size(3)});
    above = lateral;
    out[i] = layer_blocks_[i]->as<torch::nn::Sequential>()->forward(lateral);
  }
  out.push_back(torch::max_pool2d(out.back(), /*kernel_size=*/1, /*stride=*/2));
  return out;
}

}  // namespace evenray
