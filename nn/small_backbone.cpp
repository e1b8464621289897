// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

struct Small final : Backbone {
  Small() {
    features = 128;
    stem = "conv1";
    depths = {{"conv1", "bn1"}, {"layer1"}, {"layer2"}, {"layer3"}};
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    const auto c2 = layer1(torch::relu(bn1(conv1(x))));
    const auto c3 = layer2(c2);
    return {c2, c3, layer3(c3)};
  }
  torch::nn::Conv2d conv1 = register_module("conv1", conv(1, 16, 5, 2));
  torch::nn::BatchNorm2d bn1 = register_module("bn1", torch::nn::BatchNorm2d(16));
  BasicBlock layer1 = register_module("layer1", BasicBlock(16, 32, 2));
  BasicBlock layer2 = register_module("layer2", BasicBlock(32, 64, 2));
  BasicBlock layer3 = register_module("layer3", BasicBlock(64, 128, 2));
};

}  // namespace

std::shared_ptr<Backbone> make_small() { return std::make_shared<Small>(); }

}  // namespace evenray
