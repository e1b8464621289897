// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/blocks.hpp"
#include "rcnn/trunk.hpp"

namespace evenray {
namespace {

constexpr int64_t kStemChannels = 64, kGrowth = 4;

/// Returns the convolution and its norm. A norm that does not train is folded into the weight: the
/// map is then read and written once, forwards and backwards.
torch::Tensor normed(torch::nn::Conv2d& layer,
                     torch::nn::BatchNorm2d& norm,
                     const torch::Tensor& x) {
  if (norm->is_training()) return norm(layer(x));
  const auto scale = norm->weight * torch::rsqrt(norm->running_var + norm->options.eps());
  const auto bias = norm->bias - norm->running_mean * scale;
  const int64_t padding = (layer->weight.size(2) - 1) / 2;
  return torch::conv2d(x,
                       layer->weight * scale.view({-1, 1, 1, 1}),
                       bias,
                       layer->options.stride(),
                       torch::IntArrayRef{padding, padding});
}

torch::nn::BatchNorm2d norm_of(int64_t channels, double epsilon) {
  return torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(channels).eps(epsilon));
}

/// He et al. 2016, bottleneck block, with the stride in the 3x3 convolution.
class FoldedBlockImpl final : public torch::nn::Module {
 public:
  FoldedBlockImpl(int64_t in, int64_t width, int64_t stride, double epsilon)
      : conv1_(register_module("conv1", conv(in, width, 1))),
        bn1_(register_module("bn1", norm_of(width, epsilon))),
        conv2_(register_module("conv2", conv(width, width, 3, stride))),
        bn2_(register_module("bn2", norm_of(width, epsilon))),
        conv3_(register_module("conv3", conv(width, width * kGrowth, 1))),
        bn3_(register_module("bn3", norm_of(width * kGrowth, epsilon))) {
    if (stride == 1 && in == width * kGrowth) return;
    shortcut_ = conv(in, width * kGrowth, 1, stride);
    shortcut_norm_ = norm_of(width * kGrowth, epsilon);
    register_module("downsample", torch::nn::Sequential(shortcut_, shortcut_norm_));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    auto y = normed(conv1_, bn1_, x).relu_();
    y = normed(conv2_, bn2_, y).relu_();
    y = normed(conv3_, bn3_, y);
    return y.add_(shortcut_.is_empty() ? x : normed(shortcut_, shortcut_norm_, x)).relu_();
  }

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Conv2d conv3_;
  torch::nn::BatchNorm2d bn3_;
  torch::nn::Conv2d shortcut_{nullptr};
  torch::nn::BatchNorm2d shortcut_norm_{nullptr};
};
using FoldedBlock = torch::nn::ModuleHolder<FoldedBlockImpl>;

struct ResNet50Trunk final : Trunk {
  explicit ResNet50Trunk(double epsilon) {
    input_channels = 3;
    conv1 = register_module(
        "conv1",
        torch::nn::Conv2d(
            torch::nn::Conv2dOptions(3, kStemChannels, 7).stride(2).padding(3).bias(false)));
    bn1 = register_module("bn1", norm_of(kStemChannels, epsilon));
    depths = {{"conv1", "bn1"}};
    int64_t in = kStemChannels, width = kStemChannels;
    for (const int64_t blocks : {3, 4, 6, 3}) {
      torch::nn::Sequential stage;
      for (int64_t b = 0; b < blocks; ++b) {
        stage->push_back(FoldedBlock(in, width, b == 0 && width > kStemChannels ? 2 : 1, epsilon));
        in = width * kGrowth;
      }
      const std::string name = "layer" + std::to_string(depths.size());
      stages.push_back(register_module(name, stage));
      depths.push_back({name});
      channels.push_back(in);
      width *= 2;
    }
    kaiming_init(*this);
  }

  std::vector<torch::Tensor> maps(const torch::Tensor& images) override {
    auto y = torch::max_pool2d(normed(conv1, bn1, images).relu_(), 3, 2, 1);
    std::vector<torch::Tensor> out;
    for (auto& stage : stages) out.push_back(y = stage->forward(y));
    return out;
  }

  torch::nn::Conv2d conv1{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr};
  std::vector<torch::nn::Sequential> stages;
};

}  // namespace

std::shared_ptr<Trunk> make_resnet50_trunk(double norm_epsilon) {
  return std::make_shared<ResNet50Trunk>(norm_epsilon);
}

}  // namespace evenray
