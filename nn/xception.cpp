// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

torch::nn::Conv2d valid_conv(int64_t in, int64_t out, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).bias(false));
}

/// A 3x3 convolution of each channel, then a 1x1 convolution.
struct SeparableConvImpl final : torch::nn::Module {
  SeparableConvImpl(int64_t in, int64_t out)
      : conv1(register_module(
            "conv1",
            torch::nn::Conv2d(
                torch::nn::Conv2dOptions(in, in, 3).padding(1).groups(in).bias(false)))),
        pointwise(register_module("pointwise", conv(in, out, 1))) {}
  torch::Tensor forward(const torch::Tensor& x) { return pointwise(conv1(x)); }
  torch::nn::Conv2d conv1, pointwise;
};
using SeparableConv = torch::nn::ModuleHolder<SeparableConvImpl>;

/// Separable convolutions with batch norms, ReLU between them, pooling if `stride` is 2, and a
/// shortcut.
struct XceptionBlockImpl final : torch::nn::Module {
  /// `widths`: input channels, then the output channels of each convolution. `relu`: the original
  /// block starts with a ReLU; it has no tensors, but counts in the names of those that follow.
  XceptionBlockImpl(const std::vector<int64_t>& widths, int64_t stride, bool relu)
      : halves(stride == 2) {
    const int64_t in = widths.front(), out = widths.back();
    if (halves || in != out) {
      skip = register_module("skip", conv(in, out, 1, stride));
      skipbn = register_module("skipbn", torch::nn::BatchNorm2d(out));
    }
    if (relu) rep->push_back(torch::nn::Identity());
    for (size_t i = 1; i < widths.size(); ++i) {
      if (i > 1) rep->push_back(torch::nn::ReLU(torch::nn::ReLUOptions(/*inplace=*/true)));
      rep->push_back(SeparableConv(widths[i - 1], widths[i]));
      rep->push_back(torch::nn::BatchNorm2d(widths[i]));
    }
    if (halves)
      rep->push_back(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
    register_module("rep", rep);
  }
  /// `start`: x, or its ReLU, which may also be a stage.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& start) {
    auto y = rep->forward(start);
    return y.add_(skip.is_empty() ? x : skipbn(skip(x)));
  }
  bool halves;
  torch::nn::Conv2d skip{nullptr};
  torch::nn::BatchNorm2d skipbn{nullptr};
  torch::nn::Sequential rep;
};
using XceptionBlock = torch::nn::ModuleHolder<XceptionBlockImpl>;

struct Xception final : Backbone {
  Xception() {
    features = 2048;
    stem = "conv1";
    depths = {{"conv1", "bn1", "conv2", "bn2"}};
    const auto add = [&](const std::vector<int64_t>& widths, int64_t stride) {
      const std::string name = "block" + std::to_string(blocks.size() + 1);
      const bool relu = !blocks.empty();
      blocks.push_back(register_module(name, XceptionBlock(widths, stride, relu)));
      depths.push_back({name + "."});
    };
    add({64, 128, 128}, 2);
    add({128, 256, 256}, 2);
    add({256, kMiddle, kMiddle}, 2);
    for (int i = 0; i < 8; ++i) add({kMiddle, kMiddle, kMiddle, kMiddle}, 1);
    add({kMiddle, kMiddle, 1024}, 2);
    conv3 = register_module("conv3", SeparableConv(1024, 1536));
    bn3 = register_module("bn3", torch::nn::BatchNorm2d(1536));
    conv4 = register_module("conv4", SeparableConv(1536, features));
    bn4 = register_module("bn4", torch::nn::BatchNorm2d(features));
    depths.push_back({"conv3", "bn3", "conv4", "bn4"});
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto y = bn2(conv2(bn1(conv1(x)).relu_())).relu_();
    std::vector<torch::Tensor> maps;
    for (size_t b = 0; b < blocks.size(); ++b) {
      const auto start = b == 0 ? y : torch::relu(y);
      // The last map of each size is a stage.
      if (b > 0 && blocks[b]->halves) maps.push_back(start);
      y = blocks[b](y, start);
    }
    y = bn3(conv3(y)).relu_();
    maps.push_back(bn4(conv4(y)).relu_());
    return maps;
  }
  static constexpr int64_t kMiddle = 728;
  torch::nn::Conv2d conv1 = register_module("conv1", valid_conv(1, 32, 2));
  torch::nn::BatchNorm2d bn1 = register_module("bn1", torch::nn::BatchNorm2d(32));
  torch::nn::Conv2d conv2 = register_module("conv2", valid_conv(32, 64, 1));
  torch::nn::BatchNorm2d bn2 = register_module("bn2", torch::nn::BatchNorm2d(64));
  std::vector<XceptionBlock> blocks;
  SeparableConv conv3{nullptr}, conv4{nullptr};
  torch::nn::BatchNorm2d bn3{nullptr}, bn4{nullptr};
};

}  // namespace

std::shared_ptr<Backbone> make_xception() { return std::make_shared<Xception>(); }

}  // namespace evenray
