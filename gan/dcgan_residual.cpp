// SPDX-License-Identifier: Apache-2.0
// The residual networks of SNGAN (Miyato et al. 2018, appendix B.4): blocks of two 3x3 convolutions
// with a shortcut, batch norm in the generator, spectral norm in the discriminator. The number of
// channels is ngf (ndf) at full size and doubles whenever the sides are halved.
#include <torch/nn.h>

#include <numbers>

#include "gan/networks.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

Conv2d same_conv(int64_t in, int64_t out, int64_t kernel) {
  Conv2d layer(Conv2dOptions(in, out, kernel).padding(kernel / 2));
  torch::nn::init::xavier_uniform_(layer->weight, kernel > 1 ? std::numbers::sqrt2 : 1);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

SpectralConv2d spectral_conv(int64_t in, int64_t out, int64_t kernel) {
  return SpectralConv2d(in, out, std::vector<int64_t>{kernel, kernel}, 1, kernel / 2, true);
}

/// Doubles the sides.
struct UpBlockImpl : torch::nn::Module {
  UpBlockImpl(int64_t in, int64_t out)
      : norm1(register_module("norm1", BatchNorm2d(in))),
        norm2(register_module("norm2", BatchNorm2d(out))),
        conv1(register_module("conv1", same_conv(in, out, 3))),
        conv2(register_module("conv2", same_conv(out, out, 3))),
        shortcut(register_module("shortcut", same_conv(in, out, 1))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = conv1(twice(torch::relu(norm1(x))));
    // A 1x1 convolution and repeating pixels commute; convolving first is cheaper.
    return conv2(torch::relu(norm2(y))) + twice(shortcut(x));
  }
  BatchNorm2d norm1, norm2;
  Conv2d conv1, conv2, shortcut;
};
using UpBlock = torch::nn::ModuleHolder<UpBlockImpl>;

/// Halves the sides, except in the last block. The first block has no ReLU at its input, since it
/// would cut off the dark half of the image.
struct DownBlockImpl : torch::nn::Module {
  DownBlockImpl(int64_t in, int64_t out, bool first, bool halves)
      : first(first),
        halves(halves),
        conv1(register_module("conv1", spectral_conv(in, out, 3))),
        conv2(register_module("conv2", spectral_conv(out, out, 3))) {
    if (in != out || halves) shortcut = register_module("shortcut", spectral_conv(in, out, 1));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const auto smaller = [&](const torch::Tensor& y) { return halves ? half(y) : y; };
    const auto y = conv2(torch::relu(conv1(first ? x : torch::relu(x))));
    return smaller(y) + (shortcut.is_empty() ? x : shortcut(smaller(x)));
  }
  bool first, halves;
  SpectralConv2d conv1, conv2, shortcut{nullptr};
};
using DownBlock = torch::nn::ModuleHolder<DownBlockImpl>;

struct ResidualGenerator final : GeneratorNet {
  ResidualGenerator(const GanOptions& options, int height, int width)
      : size(plan_size(height, width)) {
    int64_t channels = options.dcgan.ngf << size.doublings;
    dense = register_module(
        "dense", torch::nn::Linear(options.latent, channels * size.base_height * size.base_width));
    torch::nn::init::xavier_uniform_(dense->weight);
    torch::nn::init::zeros_(dense->bias);
    for (int i = 1; i <= size.doublings; ++i, channels /= 2)
      up.push_back(register_module("up_" + std::to_string(i), UpBlock(channels, channels / 2)));
    norm = register_module("norm", BatchNorm2d(channels));
    image = register_module("image", same_conv(channels, 1, 3));
  }
  torch::Tensor forward(const torch::Tensor& latent) override {
    auto x = dense(latent)
                 .view({latent.size(0), -1, size.base_height, size.base_width})
                 .contiguous(at::MemoryFormat::ChannelsLast);
    for (auto& block : up) x = block(x);
    return torch::tanh(image(torch::relu(norm(x))));
  }
  SizePlan size;
  torch::nn::Linear dense{nullptr};
  std::vector<UpBlock> up;
  BatchNorm2d norm{nullptr};
  Conv2d image{nullptr};
};

struct ResidualDiscriminator final : DiscriminatorNet {
  ResidualDiscriminator(const GanOptions& options, int height, int width) {
    const int doublings = plan_size(height, width).doublings;
    int64_t in = 1, out = options.dcgan.ndf;
    for (int i = 0; i < doublings; ++i) {
      out *= 2;
      add(in, out, /*halves=*/true);
      in = out;
    }
    add(in, out, /*halves=*/false);
    feature_count = out;
    last_layer = register_module("score", spectral_conv(out, 1, 1));
  }
  void add(int64_t in, int64_t out, bool halves) {
    const std::string name = "down_" + std::to_string(down.size());
    down.push_back(register_module(name, DownBlock(in, out, down.empty(), halves)));
  }
  torch::Tensor features(const torch::Tensor& images) override {
    auto x = images;
    for (auto& block : down) x = block(x);
    return torch::relu(x).sum({2, 3});
  }
  torch::Tensor score(const torch::Tensor& features) override {
    return last_layer(features.view({features.size(0), features.size(1), 1, 1})).flatten();
  }
  std::vector<std::vector<torch::Tensor>> layers() const override {
    std::vector<std::vector<torch::Tensor>> out;
    for (const auto& block : down) out.push_back(block->parameters());
    out.push_back(last_layer->parameters());
    return out;
  }
  std::vector<DownBlock> down;
  SpectralConv2d last_layer{nullptr};
};

}  // namespace

std::shared_ptr<GeneratorNet> make_residual_generator(const GanOptions& options,
                                                      int height,
                                                      int width) {
  return std::make_shared<ResidualGenerator>(options, height, width);
}

std::shared_ptr<DiscriminatorNet> make_residual_discriminator(const GanOptions& options,
                                                              int height,
                                                              int width) {
  return std::make_shared<ResidualDiscriminator>(options, height, width);
}

int64_t residual_generator_weights(const GanOptions& options, int height, int width) {
  const SizePlan size = plan_size(height, width);
  int64_t channels = options.dcgan.ngf << size.doublings;
  int64_t weights = options.latent * channels * size.base_height * size.base_width;
  for (int i = 1; i <= size.doublings; ++i, channels /= 2) {
    const int64_t out = channels / 2;
    weights += channels * out * 9 + out * out * 9 + channels * out;
  }
  return weights + channels * 9;
}

}  // namespace evenray
