// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

constexpr int64_t kDenseStem = 64, kGrowth = 32, kBottleneck = 4 * kGrowth;

/// Batch norm, ReLU and a convolution, twice: 1x1 to 4 * growth channels, 3x3 to growth channels.
struct DenseLayerImpl final : torch::nn::Module {
  explicit DenseLayerImpl(int64_t in)
      : norm1(register_module("norm1", torch::nn::BatchNorm2d(in))),
        conv1(register_module("conv1", conv(in, kBottleneck, 1))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return conv2(torch::relu(norm2(conv1(torch::relu(norm1(x))))));
  }
  torch::nn::BatchNorm2d norm1;
  torch::nn::Conv2d conv1;
  torch::nn::BatchNorm2d norm2 = register_module("norm2", torch::nn::BatchNorm2d(kBottleneck));
  torch::nn::Conv2d conv2 = register_module("conv2", conv(kBottleneck, kGrowth, 3));
};
using DenseLayer = torch::nn::ModuleHolder<DenseLayerImpl>;

/// Each layer gets the concatenated outputs of all layers before it.
struct DenseBlockImpl final : torch::nn::Module {
  DenseBlockImpl(int64_t in, int64_t count) {
    for (int64_t i = 0; i < count; ++i, in += kGrowth)
      layers.push_back(register_module("denselayer" + std::to_string(i + 1), DenseLayer(in)));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    std::vector<torch::Tensor> maps{x};
    for (auto& layer : layers) maps.push_back(layer(torch::cat(maps, 1)));
    return torch::cat(maps, 1);
  }
  std::vector<DenseLayer> layers;
};
using DenseBlock = torch::nn::ModuleHolder<DenseBlockImpl>;

struct TransitionImpl final : torch::nn::Module {
  TransitionImpl(int64_t in, int64_t out)
      : norm(register_module("norm", torch::nn::BatchNorm2d(in))),
        reduce(register_module("conv", evenray::conv(in, out, 1))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return torch::avg_pool2d(reduce(torch::relu(norm(x))), 2);
  }
  torch::nn::BatchNorm2d norm;
  torch::nn::Conv2d reduce;
};
using Transition = torch::nn::ModuleHolder<TransitionImpl>;

/// timm keeps all layers in a module `features`.
struct DenseLayersImpl final : torch::nn::Module {
  explicit DenseLayersImpl(const std::vector<int64_t>& layers) {
    int64_t channels = kDenseStem;
    for (size_t b = 0; b < layers.size(); ++b) {
      const std::string number = std::to_string(b + 1);
      blocks.push_back(register_module("denseblock" + number, DenseBlock(channels, layers[b])));
      channels += kGrowth * layers[b];
      if (b + 1 == layers.size()) break;
      transitions.push_back(
          register_module("transition" + number, Transition(channels, channels / 2)));
      channels /= 2;
    }
    out = channels;
    norm5 = register_module("norm5", torch::nn::BatchNorm2d(channels));
  }
  torch::nn::Conv2d conv0 = register_module("conv0", conv(1, kDenseStem, 7, 2));
  torch::nn::BatchNorm2d norm0 = register_module("norm0", torch::nn::BatchNorm2d(kDenseStem));
  torch::nn::BatchNorm2d norm5{nullptr};
  std::vector<DenseBlock> blocks;
  std::vector<Transition> transitions;
  int64_t out = 0;
};
using DenseLayers = torch::nn::ModuleHolder<DenseLayersImpl>;

struct DenseNet final : Backbone {
  explicit DenseNet(const std::vector<int64_t>& layers)
      : all(register_module("features", DenseLayers(layers))) {
    features = all->out;
    head = "classifier";
    stem = "features.conv0";
    least_px = 32;  // 2x2 pooling drops an odd last row
    depths = {{"features.conv0", "features.norm0"}};
    for (size_t b = 1; b <= layers.size(); ++b)
      depths.push_back(
          {"features.denseblock" + std::to_string(b), "features.transition" + std::to_string(b)});
    depths.back().push_back("features.norm5");
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto y = torch::max_pool2d(torch::relu(all->norm0(all->conv0(x))), 3, 2, 1);
    std::vector<torch::Tensor> maps;
    for (size_t b = 0; b < all->blocks.size(); ++b) {
      y = all->blocks[b](y);
      if (b == all->transitions.size()) y = torch::relu(all->norm5(y));
      maps.push_back(y);
      if (b < all->transitions.size()) y = all->transitions[b](y);
    }
    return maps;
  }
  DenseLayers all;
};

}  // namespace

std::shared_ptr<Backbone> make_densenet(const std::vector<int64_t>& layers) {
  return std::make_shared<DenseNet>(layers);
}

}  // namespace evenray
