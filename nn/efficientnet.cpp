// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include <cmath>

#include "nn/backbone_families.hpp"
#include "nn/inverted_residual.hpp"

namespace evenray {
namespace {

/// Blocks of one size, of which the first may halve it.
struct EfficientStage {
  int64_t blocks, kernel, stride;
  double expansion;
  int64_t channels;
  Activation activation = Activation::relu6;
  bool squeezes = false;       ///< with squeeze-and-excitation
  double later_expansion = 0;  ///< of the blocks after the first; 0: the same
};
struct EfficientDesign {
  std::vector<EfficientStage> stages;
  int64_t stem = 32;                               ///< channels
  Activation stem_activation = Activation::relu6;  ///< also of the head
  bool hard = false;        ///< MobileNetV3's squeeze-and-excitation; else EfficientNet's
  bool tensorflow = false;  ///< TensorFlow's padding and epsilon of batch norms
};

/// Returns a number of channels that is a multiple of 8, and at least .9 of `channels`.
int64_t rounded(double channels) {
  const int64_t nearest = std::max<int64_t>(8, static_cast<int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(nearest) < .9 * channels ? nearest + 8 : nearest;
}

/// Stem and stages.
struct EfficientTrunk : Backbone {
  explicit EfficientTrunk(const EfficientDesign& design)
      : activation(design.stem_activation),
        channels(design.stem),
        conv_stem(
            register_module("conv_stem", SameConv(1, design.stem, 3, 2, 1, design.tensorflow))),
        bn1(register_module("bn1", batch_norm(design.stem, design.tensorflow))) {
    head = "classifier";
    stem = "conv_stem";
    depths = {{"conv_stem", "bn1"}};
    for (const auto& stage : design.stages) {
      torch::nn::Sequential part;
      for (int64_t b = 0; b < stage.blocks; ++b) {
        part->push_back(InvertedResidual(block(design, stage, b == 0)));
        channels = stage.channels;
      }
      add(part, stage.stride);
    }
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto y = activate(conv_stem->normalised(x, bn1), activation);
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

  Activation activation;
  int64_t channels;  ///< of the last stage

 protected:
  void add(const torch::nn::Sequential& part, int64_t stride) {
    depths.push_back({"blocks." + std::to_string(list->size()) + "."});
    list->push_back(part);
    blocks.push_back(part);
    strides.push_back(stride);
  }

 private:
  InvertedResidualOptions block(const EfficientDesign& design,
                                const EfficientStage& stage,
                                bool first) const {
    const bool later = !first && stage.later_expansion > 0;
    const double expansion = later ? stage.later_expansion : stage.expansion;
    const int64_t wide = rounded(expansion * static_cast<double>(channels));
    const int64_t reduced = design.hard ? rounded(.25 * static_cast<double>(wide)) : channels / 4;
    return {.in = channels,
            .wide = wide,
            .out = stage.channels,
            .kernel = stage.kernel,
            .stride = first ? stage.stride : 1,
            .expands = expansion > 1,
            .activation = stage.activation,
            .reduced = stage.squeezes ? reduced : 0,
            .hard_gate = design.hard,
            .tensorflow = design.tensorflow};
  }

  SameConv conv_stem;
  torch::nn::BatchNorm2d bn1;
  torch::nn::ModuleList list = register_module("blocks", torch::nn::ModuleList());
  std::vector<torch::nn::Sequential> blocks;
  std::vector<int64_t> strides;
};

struct EfficientNet final : EfficientTrunk {
  explicit EfficientNet(const EfficientDesign& design) : EfficientTrunk(design) {
    features = 1280;
    conv_head =
        register_module("conv_head", SameConv(channels, features, 1, 1, 1, design.tensorflow));
    bn2 = register_module("bn2", batch_norm(features, design.tensorflow));
    depths.push_back({"conv_head", "bn2"});
  }
  FinalMap final_map(const torch::Tensor& x) override {
    return {activate(conv_head->normalised(stages(x).back(), bn2), activation), {}};
  }
  SameConv conv_head{nullptr};
  torch::nn::BatchNorm2d bn2{nullptr};
};

/// The last stage of MobileNetV3: a 1x1 convolution.
struct WideningImpl final : torch::nn::Module {
  WideningImpl(int64_t in, int64_t out)
      : conv(register_module("conv", SameConv(in, out, 1, 1, 1, /*tensorflow=*/false))),
        bn1(register_module("bn1", torch::nn::BatchNorm2d(out))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return activate(conv->normalised(x, bn1), Activation::hard_swish);
  }
  SameConv conv;
  torch::nn::BatchNorm2d bn1;
};
using Widening = torch::nn::ModuleHolder<WideningImpl>;

/// Its head follows the mean over space, so that it costs little.
struct MobileNetV3 final : EfficientTrunk {
  MobileNetV3(const EfficientDesign& design, int64_t wide, int64_t out) : EfficientTrunk(design) {
    features = out;
    add(torch::nn::Sequential(Widening(channels, wide)), 1);
    conv_head = register_module("conv_head", PooledConv(wide, out));
    depths.push_back({"conv_head"});
  }
  torch::Tensor pooled(const FinalMap& seen) override {
    return activate(conv_head(Backbone::pooled(seen)), activation);
  }
  PooledConv conv_head{nullptr};
};

/// EfficientNet-B0 (Tan & Le 2019, table 1).
std::vector<EfficientStage> efficientnet_stages() {
  return {{1, 3, 1, 1, 16},
          {2, 3, 2, 6, 24},
          {2, 5, 2, 6, 40},
          {3, 3, 2, 6, 80},
          {3, 5, 1, 6, 112},
          {4, 5, 2, 6, 192},
          {1, 3, 1, 6, 320}};
}

}  // namespace

std::shared_ptr<Backbone> make_efficientnet_lite(double width, double depth) {
  EfficientDesign design{.stages = efficientnet_stages(), .tensorflow = true};
  for (auto& stage : design.stages) {
    stage.channels = rounded(width * static_cast<double>(stage.channels));
    const bool end = &stage == &design.stages.front() || &stage == &design.stages.back();
    if (!end) stage.blocks = static_cast<int64_t>(std::ceil(depth * stage.blocks));
  }
  return std::make_shared<EfficientNet>(design);
}

std::shared_ptr<Backbone> make_efficientnet_b0() {
  EfficientDesign design{.stages = efficientnet_stages(), .stem_activation = Activation::silu};
  for (auto& stage : design.stages) {
    stage.activation = Activation::silu;
    stage.squeezes = true;
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

std::shared_ptr<Backbone> make_mobilenetv3_small() {
  constexpr auto kRelu = Activation::relu, kHard = Activation::hard_swish;
  return std::make_shared<MobileNetV3>(
      EfficientDesign{.stages = {{1, 3, 2, 1, 16, kRelu, true},
                                 {2, 3, 2, 4.5, 24, kRelu, false, 3.67},
                                 {3, 5, 2, 4, 40, kHard, true, 6},
                                 {2, 5, 1, 3, 48, kHard, true},
                                 {3, 5, 2, 6, 96, kHard, true}},
                      .stem = 16,
                      .stem_activation = kHard,
                      .hard = true},
      /*wide=*/576,
      /*out=*/1024);
}

}  // namespace evenray
