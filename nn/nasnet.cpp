// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include <array>
#include <utility>

#include "nn/backbone_families.hpp"
#include "nn/blocks.hpp"
#include "nn/inverted_residual.hpp"

namespace evenray {
namespace {

constexpr int64_t kNasnetStem = 32;

/// A normal cell keeps the size of its maps, the others halve it. The first cell pads as PyTorch
/// does, the others as TensorFlow.
enum class CellKind { first, reduction, normal };

/// A convolution and a batch norm.
struct NasnetConvImpl final : torch::nn::Module {
  explicit NasnetConvImpl(torch::nn::Conv2d layer)
      : conv(register_module("conv", std::move(layer))),
        bn(register_module("bn", batch_norm(conv->options.out_channels(), /*tensorflow=*/true))) {}
  torch::Tensor forward(const torch::Tensor& x) { return bn(conv(x)); }
  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d bn;
};
using NasnetConv = torch::nn::ModuleHolder<NasnetConvImpl>;

/// A convolution of each channel, then a 1x1 convolution.
struct NasnetSeparableImpl final : torch::nn::Module {
  NasnetSeparableImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool tensorflow)
      : depthwise(register_module("depthwise_conv2d",
                                  SameConv(in, in, kernel, stride, /*groups=*/in, tensorflow))),
        pointwise(register_module("pointwise_conv2d", conv(in, out, 1))) {}
  torch::Tensor forward(const torch::Tensor& x) { return pointwise(depthwise(x)); }
  SameConv depthwise;
  torch::nn::Conv2d pointwise;
};
using NasnetSeparable = torch::nn::ModuleHolder<NasnetSeparableImpl>;

/// A separable convolution, twice (Zoph et al. 2018, appendix A.4).
struct NasnetBranchImpl final : torch::nn::Module {
  NasnetBranchImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool tensorflow)
      : separable_1(
            register_module("separable_1", NasnetSeparable(in, out, kernel, stride, tensorflow))),
        bn_sep_1(register_module("bn_sep_1", batch_norm(out, /*tensorflow=*/true))),
        separable_2(
            register_module("separable_2", NasnetSeparable(out, out, kernel, 1, tensorflow))),
        bn_sep_2(register_module("bn_sep_2", batch_norm(out, /*tensorflow=*/true))) {}
  /// `x`: after a ReLU.
  torch::Tensor forward(const torch::Tensor& x) {
    return bn_sep_2(separable_2(bn_sep_1(separable_1(x)).relu_()));
  }
  NasnetSeparable separable_1;
  torch::nn::BatchNorm2d bn_sep_1;
  NasnetSeparable separable_2;
  torch::nn::BatchNorm2d bn_sep_2;
};
using NasnetBranch = torch::nn::ModuleHolder<NasnetBranchImpl>;

struct NasnetPathImpl final : torch::nn::Module {
  NasnetPathImpl(int64_t in, int64_t out)
      : conv(register_module("conv", evenray::conv(in, out, 1, /*stride=*/2))) {}
  torch::Tensor forward(const torch::Tensor& x) { return conv(x); }
  torch::nn::Conv2d conv;
};
using NasnetPath = torch::nn::ModuleHolder<NasnetPathImpl>;

torch::Tensor mean_of_3x3(const torch::Tensor& x) {
  return torch::avg_pool2d(x, 3, /*stride=*/1, /*padding=*/1, false, /*count_include_pad=*/false);
}

/// Sums of pairs of branches, which start at the outputs of the last two cells, concatenated (Zoph
/// et al. 2018, figure 4).
struct NasnetCellImpl final : torch::nn::Module {
  /// `now`, `before`: channels of the outputs of the last cell and of the one before it. `larger`:
  /// the latter has twice the size.
  NasnetCellImpl(int64_t now, int64_t before, int64_t out, CellKind cell, bool larger)
      : kind(cell), conv_1x1(register_module("conv_1x1", NasnetConv(conv(now, out, 1)))) {
    if (larger) {
      path_1 = register_module("path_1", NasnetPath(before, out / 2));
      path_2 = register_module("path_2", NasnetPath(before, out / 2));
      final_path_bn = register_module("final_path_bn", batch_norm(out, /*tensorflow=*/true));
    } else if (kind != CellKind::first) {
      conv_prev_1x1 = register_module("conv_prev_1x1", NasnetConv(conv(before, out, 1)));
    }
    const auto add = [&](const std::string& place, int64_t in, int64_t kernel, int64_t stride) {
      branches.push_back(register_module(
          "comb_iter_" + place, NasnetBranch(in, out, kernel, stride, kind != CellKind::first)));
    };
    if (kind == CellKind::normal) {
      add("0_left", out, 5, 1);
      add("0_right", out, 3, 1);
      add("1_left", out, 5, 1);
      add("1_right", out, 3, 1);
    } else {
      const int64_t in = kind == CellKind::first ? before : out;
      add("0_left", out, 5, 2);
      add("0_right", in, 7, 2);
      add("1_right", in, 7, 2);
      add("2_right", in, 5, 2);
    }
    add("4_left", out, 3, 1);
  }
  /// `now`, `before`: after a ReLU. So is the output.
  torch::Tensor forward(const torch::Tensor& now, const torch::Tensor& before) {
    const auto x = conv_1x1(now), y = adjusted(before);
    return torch::cat(kind == CellKind::normal ? normal(x, y) : reduction(x, y), 1).relu_();
  }
  CellKind kind;

 private:
  torch::Tensor adjusted(const torch::Tensor& before) {
    if (kind == CellKind::first) return before;
    if (path_1.is_empty()) return conv_prev_1x1(before);
    // Of 2x2 positions, half of the channels is from the first and half from the last.
    const auto shifted = torch::constant_pad_nd(before, {-1, 1, -1, 1});
    return final_path_bn(torch::cat({path_1(before), path_2(shifted)}, 1));
  }
  std::vector<torch::Tensor> normal(const torch::Tensor& x, const torch::Tensor& y) {
    const auto x_relu = x.relu(), y_relu = y.relu();
    return {y,
            branches[0](x_relu).add_(branches[1](y_relu)),
            branches[2](y_relu).add_(branches[3](y_relu)),
            mean_of_3x3(x).add_(y),
            mean_of_3x3(y).mul_(2),
            branches[4](x_relu).add_(x)};
  }
  std::vector<torch::Tensor> reduction(const torch::Tensor& x, const torch::Tensor& y) {
    const auto x_relu = x.relu(), y_relu = y.relu();
    // TensorFlow's padding: of even sides 0 before and 1 after, which ceil_mode implies.
    const bool first = kind == CellKind::first;
    const std::vector<int64_t> padding{first ? 1 : x.size(2) % 2, first ? 1 : x.size(3) % 2};
    const auto largest = torch::max_pool2d(x, 3, 2, padding, 1, /*ceil_mode=*/!first);
    const auto mean = torch::avg_pool2d(x, 3, 2, padding, !first, /*count_include_pad=*/false);
    const auto sum_0 = branches[0](x_relu).add_(branches[1](y_relu));
    const auto sum_1 = branches[2](y_relu).add_(largest);
    return {sum_1,
            branches[3](y_relu).add_(mean),
            mean_of_3x3(sum_0).add_(sum_1),
            branches[4](sum_0.relu()).add_(largest)};
  }

  NasnetConv conv_1x1, conv_prev_1x1{nullptr};
  NasnetPath path_1{nullptr}, path_2{nullptr};
  torch::nn::BatchNorm2d final_path_bn{nullptr};
  std::vector<NasnetBranch> branches;
};
using NasnetCell = torch::nn::ModuleHolder<NasnetCellImpl>;

struct NasnetRow {
  const char* name;
  CellKind kind;
  int64_t out;  ///< channels of each sum
};
/// NASNet-A (4 @ 1056): Zoph et al. 2018, figure 2 (ImageNet) with N = 4. Numbers that only
/// nasnetalarge has (N = 6) are left out.
constexpr std::array kNasnetMobile{NasnetRow{"cell_stem_0", CellKind::first, 11},
                                   NasnetRow{"cell_stem_1", CellKind::reduction, 22},
                                   NasnetRow{"cell_0", CellKind::normal, 44},
                                   NasnetRow{"cell_1", CellKind::normal, 44},
                                   NasnetRow{"cell_2", CellKind::normal, 44},
                                   NasnetRow{"cell_3", CellKind::normal, 44},
                                   NasnetRow{"reduction_cell_0", CellKind::reduction, 88},
                                   NasnetRow{"cell_6", CellKind::normal, 88},
                                   NasnetRow{"cell_7", CellKind::normal, 88},
                                   NasnetRow{"cell_8", CellKind::normal, 88},
                                   NasnetRow{"cell_9", CellKind::normal, 88},
                                   NasnetRow{"reduction_cell_1", CellKind::reduction, 176},
                                   NasnetRow{"cell_12", CellKind::normal, 176},
                                   NasnetRow{"cell_13", CellKind::normal, 176},
                                   NasnetRow{"cell_14", CellKind::normal, 176},
                                   NasnetRow{"cell_15", CellKind::normal, 176}};

/// In the original, all readers of a cell's output start with a ReLU: here, cells end with it.
struct Nasnet final : Backbone {
  Nasnet() {
    head = "last_linear";
    stem = "conv0.conv";
    depths = {{"conv0"}};
    int64_t now = kNasnetStem, before = kNasnetStem;
    for (const auto& [name, kind, out] : kNasnetMobile) {
      const bool larger = !cells.empty() && cells.back()->kind != CellKind::normal;
      cells.push_back(register_module(name, NasnetCell(now, before, out, kind, larger)));
      depths.push_back({std::string(name) + "."});
      before = now;
      now = (kind == CellKind::normal ? 6 : 4) * out;
    }
    features = now;
    kaiming_init(*this);
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override {
    auto now = conv0(x).relu_(), before = now;
    std::vector<torch::Tensor> maps;
    for (auto& cell : cells) {
      // The last map of each size is a stage.
      if (cell->kind == CellKind::reduction) maps.push_back(now);
      before = std::exchange(now, cell(now, before));
    }
    maps.push_back(now);
    return maps;
  }
  NasnetConv conv0 = register_module(
      "conv0",
      NasnetConv(
          torch::nn::Conv2d(torch::nn::Conv2dOptions(1, kNasnetStem, 3).stride(2).bias(false))));
  std::vector<NasnetCell> cells;
};

}  // namespace

std::shared_ptr<Backbone> make_nasnet_mobile() { return std::make_shared<Nasnet>(); }

}  // namespace evenray
