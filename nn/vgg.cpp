// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include <algorithm>
#include <cmath>

#include "nn/backbone_families.hpp"

namespace evenray {
namespace {

/// A convolution with bias. torch::nn::Conv2d would draw its 134 M weights twice.
struct BiasedConvImpl final : torch::nn::Module {
  BiasedConvImpl(int64_t in, int64_t out, int64_t kernel, int64_t padding_px)
      : weight(register_parameter("weight", torch::empty({out, in, kernel, kernel}))),
        bias(register_parameter("bias", torch::zeros({out}))),
        padding(padding_px) {
    torch::NoGradGuard no_grad;
    weight.normal_(0, std::sqrt(2. / static_cast<double>(out * kernel * kernel)));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    return torch::conv2d(x, weight, bias, /*stride=*/1, padding);
  }
  torch::Tensor weight, bias;
  int64_t padding;
};
using BiasedConv = torch::nn::ModuleHolder<BiasedConvImpl>;

/// The two hidden layers of the classifier, as convolutions.
struct VggHeadImpl final : torch::nn::Module {
  VggHeadImpl(int64_t in, int64_t out)
      : fc1(register_module("fc1", BiasedConv(in, out, kSide, 0))),
        fc2(register_module("fc2", BiasedConv(out, out, 1, 0))) {}
  torch::Tensor forward(const torch::Tensor& map) {
    const int64_t height = map.size(2), width = map.size(3);
    const bool small = height < kSide || width < kSide;
    const auto large =
        small ? torch::adaptive_avg_pool2d(map, {std::max(height, kSide), std::max(width, kSide)})
              : map;
    return fc2(fc1(large).relu_()).relu_();
  }
  static constexpr int64_t kSide = 7;
  BiasedConv fc1, fc2;
};
using VggHead = torch::nn::ModuleHolder<VggHeadImpl>;

struct Vgg final : Backbone {
  explicit Vgg(const std::vector<int64_t>& convolutions) {
    features = 4096;
    head = "head.fc";
    stem = "features.0";
    least_px = 32;
    int64_t in = 1, width = 64;
    for (const int64_t count : convolutions) {
      std::vector<std::string> depth;
      for (int64_t i = 0; i < count; ++i, in = width) {
        depth.push_back("features." + std::to_string(layers->size()) + ".");
        layers->push_back(BiasedConv(in, width, 3, 1));
        depth.push_back("features." + std::to_string(layers->size()) + ".");
        layers->push_back(torch::nn::BatchNorm2d(width));
        layers->push_back(torch::nn::ReLU(torch::nn::ReLUOptions(/*inplace=*/true)));
      }
      layers->push_back(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2)));
      depths.push_back(depth);
      width = std::min<int64_t>(512, 2 * width);
    }
    register_module("features", layers);
    pre_logits = register_module("pre_logits", VggHead(in, features));
    depths.push_back({"pre_logits"});
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    std::vector<torch::Tensor> maps;
    auto y = x;
    int64_t stride = 1;
    for (auto& layer : *layers) {
      if (layer.ptr()->as<torch::nn::MaxPool2d>()) {
        if (stride >= 4) maps.push_back(y);
        stride *= 2;
      }
      y = layer.forward(y);
    }
    maps.push_back(y);
    return maps;
  }
  torch::Tensor pooled(const FinalMap& seen) override {
    return Backbone::pooled({pre_logits(seen.map), {}});
  }
  torch::nn::Sequential layers;
  VggHead pre_logits{nullptr};
};

}  // namespace

std::shared_ptr<Backbone> make_vgg(const std::vector<int64_t>& convolutions) {
  return std::make_shared<Vgg>(convolutions);
}

}  // namespace evenray
