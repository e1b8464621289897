// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "rcnn/trunk.hpp"

namespace evenray {
namespace {

/// Its layers have the numbers that they have in torchvision's `features`, where activations and
/// pooling layers count too.
struct Vgg16Trunk final : Trunk {
  Vgg16Trunk() {
    input_channels = 3;
    int64_t in = input_channels, width = 64, number = 0;
    for (const int64_t layers : {2, 2, 3, 3, 3}) {
      auto& depth = depths.emplace_back();
      auto& stage = stages.emplace_back();
      for (int64_t i = 0; i < layers; ++i, number += 2, in = width) {
        const std::string name = std::to_string(number);
        torch::nn::Conv2d layer(torch::nn::Conv2dOptions(in, width, 3).padding(1));
        torch::nn::init::kaiming_normal_(layer->weight, 0, torch::kFanOut, torch::kReLU);
        torch::nn::init::zeros_(layer->bias);
        stage.push_back(register_module(name, layer));
        depth.push_back(name + ".");
      }
      ++number;
      if (depths.size() > 2) channels.push_back(width);
      width = std::min<int64_t>(512, 2 * width);
    }
  }

  std::vector<torch::Tensor> maps(const torch::Tensor& images) override {
    auto y = images;
    std::vector<torch::Tensor> out;
    for (size_t s = 0; s < stages.size(); ++s) {
      if (s > 0) y = torch::max_pool2d(y, 2, 2);
      for (auto& layer : stages[s]) y = layer(y).relu_();
      if (s >= 2) out.push_back(y);
    }
    return out;
  }

  std::vector<std::vector<torch::nn::Conv2d>> stages;
};

}  // namespace

std::shared_ptr<Trunk> make_vgg16_trunk() { return std::make_shared<Vgg16Trunk>(); }

}  // namespace evenray
