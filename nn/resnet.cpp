// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

constexpr int64_t kResNetStem = 64, kBottleneckGrowth = 4;

torch::nn::Sequential residual_stage(
    bool bottleneck, int64_t in, int64_t width, int64_t blocks, int64_t stride) {
  torch::nn::Sequential stage;
  for (int64_t b = 0; b < blocks; ++b) {
    if (bottleneck)
      stage->push_back(Bottleneck(in, width, width * kBottleneckGrowth, stride));
    else
      stage->push_back(BasicBlock(in, width, stride));
    in = bottleneck ? width * kBottleneckGrowth : width;
    stride = 1;
  }
  return stage;
}

struct ResNet final : Backbone {
  ResNet(bool bottleneck, const std::vector<int64_t>& blocks) {
    stem = "conv1";
    depths = {{"conv1", "bn1"}};
    int64_t in = kResNetStem, width = kResNetStem;
    for (size_t s = 0; s < blocks.size(); ++s, width *= 2) {
      const std::string name = "layer" + std::to_string(s + 1);
      layers.push_back(
          register_module(name, residual_stage(bottleneck, in, width, blocks[s], s == 0 ? 1 : 2)));
      depths.push_back({name});
      in = bottleneck ? width * kBottleneckGrowth : width;
    }
    features = in;
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto y = torch::max_pool2d(torch::relu(bn1(conv1(x))), 3, 2, 1);
    std::vector<torch::Tensor> maps;
    for (auto& layer : layers) maps.push_back(y = layer->forward(y));
    return maps;
  }
  torch::nn::Conv2d conv1 = register_module("conv1", conv(1, kResNetStem, 7, 2));
  torch::nn::BatchNorm2d bn1 = register_module("bn1", torch::nn::BatchNorm2d(kResNetStem));
  std::vector<torch::nn::Sequential> layers;
};

}  // namespace

std::shared_ptr<Backbone> make_resnet(bool bottleneck, const std::vector<int64_t>& blocks) {
  return std::make_shared<ResNet>(bottleneck, blocks);
}

}  // namespace evenray
