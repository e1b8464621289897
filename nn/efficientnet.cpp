// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include <cmath>

#include "nn/backbone_families.hpp"

namespace evenray {
namespace {

/// Blocks of one kind, of which the first may halve the size.
struct EfficientStage {
  int64_t blocks, kernel, stride, expansion, channels;
};
struct EfficientDesign {
  std::vector<EfficientStage> stages;
  int64_t stem = 32, head = 1280;  ///< channels
  bool tensorflow = false;         ///< TensorFlow's padding and epsilon of batch norms (.001)
};

/// A convolution without bias whose output has ceil(size / stride) positions.
struct SameConvImpl final : torch::nn::Module {
  SameConvImpl(
      int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t groups, bool tensorflow)
      : weight(register_parameter("weight", torch::empty({out, in / groups, kernel, kernel}))),
        stride_(stride),
        groups_(groups),
        tensorflow_(tensorflow) {
    torch::NoGradGuard no_grad;
    weight.normal_(
        0,
        std::sqrt(2. * static_cast<double>(groups) / static_cast<double>(out * kernel * kernel)));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const int64_t half = (weight.size(2) - 1) / 2;
    if (!tensorflow_ || stride_ == 1)
      return torch::conv2d(x, weight, {}, stride_, half, 1, groups_);
    const auto [top, bottom] = padding(x.size(2));
    const auto [left, right] = padding(x.size(3));
    const bool even = top == bottom && left == right;
    const auto padded = even ? x : torch::constant_pad_nd(x, {left, right, top, bottom});
    const std::vector<int64_t> sides = even ? std::vector{top, left} : std::vector<int64_t>{0, 0};
    return torch::conv2d(padded, weight, {}, stride_, sides, 1, groups_);
  }

  torch::Tensor weight;

 private:
  /// TensorFlow pads as little as needed, and an odd pixel after the image.
  std::pair<int64_t, int64_t> padding(int64_t size) const {
    const int64_t positions = (size + stride_ - 1) / stride_;
    const int64_t needed = std::max<int64_t>(0, (positions - 1) * stride_ + weight.size(2) - size);
    return {needed / 2, needed - needed / 2};
  }

  int64_t stride_, groups_;
  bool tensorflow_;
};
using SameConv = torch::nn::ModuleHolder<SameConvImpl>;

torch::nn::BatchNorm2d batch_norm(int64_t channels, bool tensorflow) {
  auto options = torch::nn::BatchNorm2dOptions(channels);
  if (tensorflow) options.eps(1e-3);
  return torch::nn::BatchNorm2d(options);
}

/// Expansion (1x1), depthwise convolution, projection (1x1) without activation, and a shortcut if
/// the shapes allow it. A block with expansion 1 has no expansion layer.
struct InvertedResidualImpl final : torch::nn::Module {
  InvertedResidualImpl(int64_t in, const EfficientStage& stage, int64_t stride, bool tensorflow)
      : expands(stage.expansion > 1), shortcut(stride == 1 && in == stage.channels) {
    const int64_t wide = in * stage.expansion;
    const auto norm = [&](int number, int64_t channels) {
      return register_module("bn" + std::to_string(number), batch_norm(channels, tensorflow));
    };
    if (expands) {
      expand = register_module("conv_pw", SameConv(in, wide, 1, 1, 1, tensorflow));
      expand_norm = norm(1, wide);
    }
    depthwise =
        register_module("conv_dw", SameConv(wide, wide, stage.kernel, stride, wide, tensorflow));
    depthwise_norm = norm(expands ? 2 : 1, wide);
    project = register_module(expands ? "conv_pwl" : "conv_pw",
                              SameConv(wide, stage.channels, 1, 1, 1, tensorflow));
    project_norm = norm(expands ? 3 : 2, stage.channels);
  }
  torch::Tensor forward(const torch::Tensor& x) {
    auto y = expands ? torch::relu6(expand_norm(expand(x))) : x;
    y = project_norm(project(torch::relu6(depthwise_norm(depthwise(y)))));
    return shortcut ? y + x : y;
  }
  bool expands, shortcut;
  SameConv expand{nullptr}, depthwise{nullptr}, project{nullptr};
  torch::nn::BatchNorm2d expand_norm{nullptr}, depthwise_norm{nullptr}, project_norm{nullptr};
};
using InvertedResidual = torch::nn::ModuleHolder<InvertedResidualImpl>;

struct EfficientNet final : Backbone {
  explicit EfficientNet(const EfficientDesign& design)
      : conv_stem(
            register_module("conv_stem", SameConv(1, design.stem, 3, 2, 1, design.tensorflow))),
        bn1(register_module("bn1", batch_norm(design.stem, design.tensorflow))) {
    features = design.head;
    head = "classifier";
    stem = "conv_stem";
    depths = {{"conv_stem", "bn1"}};
    const auto list = register_module("blocks", torch::nn::ModuleList());
    int64_t in = design.stem;
    for (const auto& stage : design.stages) {
      torch::nn::Sequential part;
      for (int64_t b = 0; b < stage.blocks; ++b) {
        part->push_back(InvertedResidual(in, stage, b == 0 ? stage.stride : 1, design.tensorflow));
        in = stage.channels;
      }
      depths.push_back({"blocks." + std::to_string(list->size()) + "."});
      strides.push_back(stage.stride);
      list->push_back(part);
      blocks.push_back(part);
    }
    conv_head = register_module("conv_head", SameConv(in, features, 1, 1, 1, design.tensorflow));
    bn2 = register_module("bn2", batch_norm(features, design.tensorflow));
    depths.push_back({"conv_head", "bn2"});
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto y = torch::relu6(bn1(conv_stem(x)));
    int64_t stride = 2;
    std::vector<torch::Tensor> maps;
    for (size_t s = 0; s < strides.size(); ++s) {
      // The last map of each size is a stage.
      if (strides[s] == 2 && stride >= 4) maps.push_back(y);
      stride *= strides[s];
      y = blocks[s]->forward(y);
    }
    maps.push_back(y);
    return maps;
  }
  torch::Tensor final_map(const torch::Tensor& x) override {
    return torch::relu6(bn2(conv_head(stages(x).back())));
  }
  SameConv conv_stem;
  torch::nn::BatchNorm2d bn1;
  std::vector<torch::nn::Sequential> blocks;
  SameConv conv_head{nullptr};
  torch::nn::BatchNorm2d bn2{nullptr};
  std::vector<int64_t> strides;
};

/// Returns a number of channels that is a multiple of 8, and at least .9 of `channels`.
int64_t rounded(double channels) {
  const int64_t nearest = std::max<int64_t>(8, static_cast<int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(nearest) < .9 * channels ? nearest + 8 : nearest;
}

}  // namespace

std::shared_ptr<Backbone> make_efficientnet_lite(double width, double depth) {
  EfficientDesign design{.stages = {{1, 3, 1, 1, 16},
                                    {2, 3, 2, 6, 24},
                                    {2, 5, 2, 6, 40},
                                    {3, 3, 2, 6, 80},
                                    {3, 5, 1, 6, 112},
                                    {4, 5, 2, 6, 192},
                                    {1, 3, 1, 6, 320}},
                         .tensorflow = true};
  for (auto& stage : design.stages) {
    stage.channels = rounded(width * static_cast<double>(stage.channels));
    const bool end = &stage == &design.stages.front() || &stage == &design.stages.back();
    if (!end) stage.blocks = static_cast<int64_t>(std::ceil(depth * stage.blocks));
  }
  return std::make_shared<EfficientNet>(design);
}

std::shared_ptr<Backbone> make_mobilenetv2() {
  return std::make_shared<EfficientNet>(EfficientDesign{.stages = {{1, 3, 1, 1, 16},
                                                                   {2, 3, 2, 6, 24},
                                                                   {3, 3, 2, 6, 32},
                                                                   {4, 3, 2, 6, 64},
                                                                   {3, 3, 1, 6, 96},
                                                                   {3, 3, 2, 6, 160},
                                                                   {1, 3, 1, 6, 320}}});
}

}  // namespace evenray
