// SPDX-License-Identifier: Apache-2.0
#include "nn/backbone.hpp"

#include <torch/nn.h>

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

/// For images of 32 to 160 px and a few thousand rows.
struct Small final : Backbone {
  Small() {
    features = 128;
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

torch::nn::Sequential stage(int64_t in, int64_t out, int64_t stride) {
  return torch::nn::Sequential(BasicBlock(in, out, stride), BasicBlock(out, out, 1));
}

/// Parameter names and shapes equal torchvision's, except for the stem, which has one input
/// channel.
struct ResNet18 final : Backbone {
  ResNet18() {
    features = 512;
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    const auto c2 = layer1->forward(torch::max_pool2d(torch::relu(bn1(conv1(x))), 3, 2, 1));
    const auto c3 = layer2->forward(c2);
    const auto c4 = layer3->forward(c3);
    return {c2, c3, c4, layer4->forward(c4)};
  }
  torch::nn::Conv2d conv1 = register_module("conv1", conv(1, 64, 7, 2));
  torch::nn::BatchNorm2d bn1 = register_module("bn1", torch::nn::BatchNorm2d(64));
  torch::nn::Sequential layer1 = register_module("layer1", stage(64, 64, 1));
  torch::nn::Sequential layer2 = register_module("layer2", stage(64, 128, 2));
  torch::nn::Sequential layer3 = register_module("layer3", stage(128, 256, 2));
  torch::nn::Sequential layer4 = register_module("layer4", stage(256, 512, 2));
};

struct Entry {
  std::string_view name;
  std::shared_ptr<Backbone> (*make)();
};
constexpr std::array kBackbones{
    Entry{"small", [] { return std::shared_ptr<Backbone>(std::make_shared<Small>()); }},
    Entry{"resnet18", [] { return std::shared_ptr<Backbone>(std::make_shared<ResNet18>()); }},
};

}  // namespace

std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const auto& entry : kBackbones) names.emplace_back(entry.name);
  return names;
}

std::shared_ptr<Backbone> make_backbone(const std::string& name) {
  for (const auto& entry : kBackbones) {
    if (entry.name == name) return entry.make();
  }
  throw Error(Exit::config, unknown_name("architecture", name, backbone_names()));
}

}  // namespace evenray
