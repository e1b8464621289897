// SPDX-License-Identifier: Apache-2.0
// Progressive GAN (Karras et al. 2018, appendix A; the recipe of the authors' second, TensorFlow,
// version). Level 0 is the base of plan_size(); each further level doubles the sides. The
// parameters of all levels exist from the start; levels that are not reached yet are not used.
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/networks.hpp"
#include "gan/pggan_blocks.hpp"

namespace evenray {
namespace {

constexpr double kGain = std::numbers::sqrt2;
constexpr int64_t kImageChannels = 1;

/// Channels at a level: fmap_base / 2 at level 0, halved at each level, at most fmap_max (256 at
/// level 4 as published). Level -1: length of the vector before the score.
int64_t channels_at(const GanOptions& options, int level) {
  return std::min(std::max<int64_t>(options.pggan.fmap_base >> (level + 1), 1),
                  options.pggan.fmap_max);
}

torch::Tensor active(const torch::Tensor& x) { return torch::leaky_relu(x, .2); }

/// Registers a layer as `name`_LEVEL in the module that owns it.
template <class Holder>
Holder of_level(torch::nn::Module& owner, const std::string& name, int level, Holder holder) {
  return owner.register_module(name + "_" + std::to_string(level), holder);
}

struct PgganGenerator final : GeneratorNet {
  PgganGenerator(const GanOptions& options, int height, int width)
      : size(plan_size(height, width)) {
    growth.level = size.doublings;
    const int64_t first = channels_at(options, 0), pixels = size.base_height * size.base_width;
    // A gain of sqrt(2) / 4 for 4x4, as if the latent were convolved to the base: the fan-in of
    // such a kernel is `pixels` times as large.
    dense = register_module(
        "dense",
        EqualizedLinear(
            options.latent, first * pixels, kGain / std::sqrt(static_cast<double>(pixels)), first));
    for (int level = 0; level <= size.doublings; ++level) {
      const int64_t channels = channels_at(options, level);
      if (level > 0) {
        const int64_t below = channels_at(options, level - 1);
        up.push_back(of_level(*this, "up", level, EqualizedConv2d(below, channels, 3, kGain)));
      }
      conv.push_back(of_level(*this, "conv", level, EqualizedConv2d(channels, channels, 3, kGain)));
      image.push_back(
          of_level(*this, "image", level, EqualizedConv2d(channels, kImageChannels, 1, 1.)));
    }
  }

  torch::Tensor forward(const torch::Tensor& latent) override {
    auto x = dense->forward(pixel_norm(latent))
                 .view({latent.size(0), -1, size.base_height, size.base_width})
                 .contiguous(at::MemoryFormat::ChannelsLast);
    x = pixel_norm(active(x));
    x = pixel_norm(active(conv[0]->forward(x)));
    torch::Tensor below;
    for (int level = 1; level <= growth.level; ++level) {
      const auto l = static_cast<size_t>(level);
      if (level == growth.level && growth.fading()) below = image[l - 1]->forward(x);
      x = pixel_norm(active(up[l - 1]->forward(twice(x))));
      x = pixel_norm(active(conv[l]->forward(x)));
    }
    const auto drawn = image[static_cast<size_t>(growth.level)]->forward(x);
    return below.defined() ? torch::lerp(twice(below), drawn, growth.alpha) : drawn;
  }

  SizePlan size;
  EqualizedLinear dense{nullptr};
  std::vector<EqualizedConv2d> up, conv, image;
};

struct PgganDiscriminator final : DiscriminatorNet {
  PgganDiscriminator(const GanOptions& options, int height, int width)
      : group(options.pggan.stddev_group), size(plan_size(height, width)) {
    growth.level = size.doublings;
    const int64_t last = channels_at(options, 0), hidden = channels_at(options, -1);
    const int64_t pixels = size.base_height * size.base_width;
    for (int level = 0; level <= size.doublings; ++level) {
      const int64_t channels = channels_at(options, level);
      image.push_back(
          of_level(*this, "image", level, EqualizedConv2d(kImageChannels, channels, 1, kGain)));
      if (level == 0) continue;
      const int64_t below = channels_at(options, level - 1);
      conv.push_back(of_level(*this, "conv", level, EqualizedConv2d(channels, channels, 3, kGain)));
      down.push_back(of_level(*this, "down", level, EqualizedConv2d(channels, below, 3, kGain)));
    }
    tail = register_module("tail", EqualizedConv2d(last + 1, last, 3, kGain));
    dense = register_module("dense", EqualizedLinear(last * pixels, hidden, kGain));
    last_layer = register_module("score", EqualizedLinear(hidden, 1, 1.));
    feature_count = hidden;
  }

  torch::Tensor features(const torch::Tensor& images) override {
    const auto top = static_cast<size_t>(growth.level);
    auto x = active(image[top]->forward(images));
    for (size_t level = top; level > 0; --level) {
      x = active(conv[level - 1]->forward(x));
      x = half(active(down[level - 1]->forward(x)));
      if (level == top && growth.fading())
        x = torch::lerp(active(image[level - 1]->forward(half(images))), x, growth.alpha);
    }
    x = active(tail->forward(minibatch_stddev(x, group)));
    // flatten() orders values as [C,H,W] for any memory layout, so the weights do not depend on it.
    return active(dense->forward(x.flatten(1)));
  }
  torch::Tensor score(const torch::Tensor& features) override {
    return last_layer->forward(features).flatten();
  }
  /// The two convolutions of a level and the one that reads its images are one layer.
  std::vector<std::vector<torch::Tensor>> layers() const override {
    std::vector<std::vector<torch::Tensor>> out;
    for (size_t level = conv.size(); level > 0; --level) {
      out.push_back(image[level]->parameters());
      for (const auto& more : {conv[level - 1]->parameters(), down[level - 1]->parameters()})
        out.back().insert(out.back().end(), more.begin(), more.end());
    }
    out.push_back(image[0]->parameters());
    for (const auto& more : {tail->parameters(), dense->parameters()})
      out.back().insert(out.back().end(), more.begin(), more.end());
    out.push_back(last_layer->parameters());
    return out;
  }

  int64_t group;
  SizePlan size;
  std::vector<EqualizedConv2d> image, conv, down;
  EqualizedConv2d tail{nullptr};
  EqualizedLinear dense{nullptr}, last_layer{nullptr};
};

}  // namespace

std::shared_ptr<GeneratorNet> make_pggan_generator(const GanOptions& options,
                                                   int height,
                                                   int width) {
  return std::make_shared<PgganGenerator>(options, height, width);
}

std::shared_ptr<DiscriminatorNet> make_pggan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width) {
  return std::make_shared<PgganDiscriminator>(options, height, width);
}

void check_pggan(const GanOptions& options) {
  check(!options.dcgan.residual && !options.dcgan.spectral_norm,
        Exit::config,
        "gan.dcgan.residual and gan.dcgan.spectral_norm require gan.family=dcgan");
  const auto& pggan = options.pggan;
  for (const int64_t images :
       pggan.minibatches.empty() ? std::vector{options.minibatch} : pggan.minibatches)
    check(
        pggan.stddev_group == 0 || images < pggan.stddev_group || images % pggan.stddev_group == 0,
        Exit::config,
        cat("gan.minibatch ",
            images,
            " is not a multiple of gan.pggan.stddev_group ",
            pggan.stddev_group,
            "; change one of them, or set gan.pggan.stddev_group=0 for one group per minibatch"));
}

int64_t pggan_generator_weights(const GanOptions& options, int height, int width) {
  const SizePlan size = plan_size(height, width);
  int64_t channels = channels_at(options, 0);
  int64_t weights = options.latent * channels * size.base_height * size.base_width;
  for (int level = 0; level <= size.doublings; ++level) {
    const int64_t below = channels;
    channels = channels_at(options, level);
    weights += channels * channels * 9 + channels + (level > 0 ? below * channels * 9 : 0);
  }
  return weights;
}

}  // namespace evenray
