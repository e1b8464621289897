// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"
#include "nn/inverted_residual.hpp"

namespace evenray {
namespace {

struct InceptionKernel {
  int64_t out, height = 1, width = 1, stride = 1;
};
/// The convolutions of parallel branches, one after the other in each.
using InceptionBranches = std::vector<std::vector<InceptionKernel>>;

/// A convolution, a batch norm and ReLU.
struct InceptionConvImpl final : torch::nn::Module {
  InceptionConvImpl(int64_t in, const InceptionKernel& k, bool pads)
      : conv(register_module(
            "conv",
            torch::nn::Conv2d(torch::nn::Conv2dOptions(in, k.out, {k.height, k.width})
                                  .stride(k.stride)
                                  .padding({pads ? k.height / 2 : 0, pads ? k.width / 2 : 0})
                                  .bias(false)))),
        bn(register_module("bn", batch_norm(k.out, /*tensorflow=*/true))) {}
  torch::Tensor forward(const torch::Tensor& x) { return bn(conv(x)).relu_(); }
  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d bn;
};
using InceptionConv = torch::nn::ModuleHolder<InceptionConvImpl>;

struct InceptionOptions {
  int64_t in = 0;
  InceptionBranches branches;  ///< only convolutions of stride 1 pad
  bool averages = false;       ///< the last branch starts with a mean over 3x3 positions
  bool pools = false;          ///< one more branch is max pooling of stride 2
  double scale = 0;            ///< of what is added to the input; 0: the block adds nothing to it
  bool rectifies = true;       ///< the sum
};

/// Concatenated branches, which may be brought to the channels of the input, scaled (Szegedy et al.
/// 2017, section 3.3) and added to it.
struct InceptionBlockImpl final : torch::nn::Module {
  explicit InceptionBlockImpl(const InceptionOptions& options) : o(options) {
    int64_t out = 0;
    for (const auto& kernels : o.branches) {
      torch::nn::Sequential branch;
      if (o.averages && branches.size() + 1 == o.branches.size())
        branch->push_back(torch::nn::AvgPool2d(
            torch::nn::AvgPool2dOptions(3).stride(1).padding(1).count_include_pad(false)));
      int64_t in = o.in;
      for (const auto& kernel : kernels) {
        branch->push_back(InceptionConv(in, kernel, /*pads=*/kernel.stride == 1));
        in = kernel.out;
      }
      out += in;
      // timm has no number in the names of a single layer.
      const std::string name = "branch" + std::to_string(branches.size());
      register_module(name, branch->size() == 1 ? branch->ptr(0) : branch.ptr());
      branches.push_back(branch);
    }
    if (o.scale > 0)
      conv2d = register_module("conv2d", torch::nn::Conv2d(torch::nn::Conv2dOptions(out, o.in, 1)));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    std::vector<torch::Tensor> maps;
    for (auto& branch : branches) maps.push_back(branch->forward(x));
    if (o.pools) maps.push_back(torch::max_pool2d(x, 3, 2));
    auto y = torch::cat(maps, 1);
    if (conv2d.is_empty()) return y;
    y = conv2d(y).mul_(o.scale).add_(x);
    return o.rectifies ? y.relu_() : y;
  }
  InceptionOptions o;
  std::vector<torch::nn::Sequential> branches;
  torch::nn::Conv2d conv2d{nullptr};
};
using InceptionBlock = torch::nn::ModuleHolder<InceptionBlockImpl>;

torch::nn::Sequential repeated(int64_t count, const InceptionOptions& options) {
  torch::nn::Sequential blocks;
  for (int64_t b = 0; b < count; ++b) blocks->push_back(InceptionBlock(options));
  return blocks;
}

/// The figures are those of Szegedy et al. 2017. The numbers of blocks, the stem and some widths
/// differ: they are those of the weights that the authors published.
struct InceptionResnet final : Backbone {
  InceptionResnet() {
    features = 1536;
    head = "classif";
    stem = "conv2d_1a.conv";
    least_px = 75;
    depths = {{"conv2d_1a", "conv2d_2a", "conv2d_2b", "conv2d_3b", "conv2d_4a"},
              {"mixed_5b", "repeat."},
              {"mixed_6a", "repeat_1."},
              {"mixed_7a", "repeat_2.", "block8", "conv2d_7b"}};
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    const auto half = conv2d_2b(conv2d_2a(conv2d_1a(x)));
    const auto c2 = conv2d_4a(conv2d_3b(torch::max_pool2d(half, 3, 2)));
    const auto c3 = repeat->forward(mixed_5b(torch::max_pool2d(c2, 3, 2)));
    const auto c4 = repeat_1->forward(mixed_6a(c3));
    return {c2, c3, c4, conv2d_7b(block8(repeat_2->forward(mixed_7a(c4))))};
  }

 private:
  InceptionConv add_conv(const std::string& name, int64_t in, const InceptionKernel& k, bool pads) {
    return register_module(name, InceptionConv(in, k, pads));
  }
  InceptionBlock add_block(const std::string& name, const InceptionOptions& options) {
    return register_module(name, InceptionBlock(options));
  }
  /// Figure 19.
  static InceptionOptions block_c(double scale, bool rectifies) {
    return {.in = 2080,
            .branches = {{{192}}, {{192}, {224, 1, 3}, {256, 3, 1}}},
            .scale = scale,
            .rectifies = rectifies};
  }

  InceptionConv conv2d_1a = add_conv("conv2d_1a", 1, {32, 3, 3, 2}, false);
  InceptionConv conv2d_2a = add_conv("conv2d_2a", 32, {32, 3, 3}, false);
  InceptionConv conv2d_2b = add_conv("conv2d_2b", 32, {64, 3, 3}, true);
  InceptionConv conv2d_3b = add_conv("conv2d_3b", 64, {80}, false);
  InceptionConv conv2d_4a = add_conv("conv2d_4a", 80, {192, 3, 3}, false);
  InceptionBlock mixed_5b =
      add_block("mixed_5b",
                {.in = 192,
                 .branches = {{{96}}, {{48}, {64, 5, 5}}, {{64}, {96, 3, 3}, {96, 3, 3}}, {{64}}},
                 .averages = true});
  /// Figure 16.
  torch::nn::Sequential repeat = register_module(
      "repeat",
      repeated(10,
               {.in = 320,
                .branches = {{{32}}, {{32}, {32, 3, 3}}, {{32}, {48, 3, 3}, {64, 3, 3}}},
                .scale = .17}));
  /// Figure 7.
  InceptionBlock mixed_6a =
      add_block("mixed_6a",
                {.in = 320,
                 .branches = {{{384, 3, 3, 2}}, {{256}, {256, 3, 3}, {384, 3, 3, 2}}},
                 .pools = true});
  /// Figure 17.
  torch::nn::Sequential repeat_1 = register_module(
      "repeat_1",
      repeated(
          20, {.in = 1088, .branches = {{{192}}, {{128}, {160, 1, 7}, {192, 7, 1}}}, .scale = .1}));
  /// Figure 18.
  InceptionBlock mixed_7a = add_block("mixed_7a",
                                      {.in = 1088,
                                       .branches = {{{256}, {384, 3, 3, 2}},
                                                    {{256}, {288, 3, 3, 2}},
                                                    {{256}, {288, 3, 3}, {320, 3, 3, 2}}},
                                       .pools = true});
  torch::nn::Sequential repeat_2 = register_module("repeat_2", repeated(9, block_c(.2, true)));
  InceptionBlock block8 = add_block("block8", block_c(1, false));
  InceptionConv conv2d_7b = add_conv("conv2d_7b", 2080, {1536}, false);
};

}  // namespace

std::shared_ptr<Backbone> make_inception_resnet() { return std::make_shared<InceptionResnet>(); }

}  // namespace evenray
