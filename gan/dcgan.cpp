// SPDX-License-Identifier: Apache-2.0
// DCGAN (Radford et al. 2016), initialised as in pytorch/examples: convolutions N(0, .02),
// batch-norm scales N(1, .02). The sides of an image are those of the base times a power of two, so
// 80x64 has the base 5x4.
#include <torch/nn.h>

#include "core/error.hpp"
#include "gan/networks.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::ConvTranspose2d;
using torch::nn::ConvTranspose2dOptions;
using torch::nn::Sequential;

void dcgan_init(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* layer = child->as<Conv2d>()) layer->weight.normal_(0, .02);
    if (auto* layer = child->as<ConvTranspose2d>()) layer->weight.normal_(0, .02);
    if (auto* layer = child->as<BatchNorm2d>()) layer->weight.normal_(1, .02);
  }
}

struct DcganGenerator final : GeneratorNet {
  DcganGenerator(const GanOptions& options, int height, int width) {
    const SizePlan size = plan_size(height, width);
    int64_t channels = options.dcgan.ngf << (size.doublings - 1);
    const auto deconv =
        [](int64_t in, int64_t out, std::vector<int64_t> kernel, int64_t stride, int64_t padding) {
          return ConvTranspose2d(ConvTranspose2dOptions(in, out, torch::ExpandingArray<2>(kernel))
                                     .stride(stride)
                                     .padding(padding)
                                     .bias(false));
        };
    body->push_back(deconv(options.latent, channels, {size.base_height, size.base_width}, 1, 0));
    for (int i = 1; i < size.doublings; ++i) {
      body->push_back(BatchNorm2d(channels));
      body->push_back(torch::nn::ReLU(true));
      body->push_back(deconv(channels, channels / 2, {4, 4}, 2, 1));
      channels /= 2;
    }
    body->push_back(BatchNorm2d(channels));
    body->push_back(torch::nn::ReLU(true));
    body->push_back(deconv(channels, 1, {4, 4}, 2, 1));
    body->push_back(torch::nn::Tanh());
    dcgan_init(*this);
  }
  torch::Tensor forward(const torch::Tensor& latent) override {
    return body->forward(latent.view({latent.size(0), latent.size(1), 1, 1})
                             .contiguous(at::MemoryFormat::ChannelsLast));
  }
  Sequential body = register_module("body", Sequential());
};

struct DcganDiscriminator final : DiscriminatorNet {
  DcganDiscriminator(const GanOptions& options, int height, int width) {
    const SizePlan size = plan_size(height, width);
    const bool spectral = options.dcgan.spectral_norm;
    const auto add =
        [&](int64_t in, int64_t out, std::vector<int64_t> kernel, int64_t stride, int64_t padding) {
          if (spectral) {
            body->push_back(SpectralConv2d(in, out, kernel, stride, padding, /*bias=*/true));
          } else {
            body->push_back(Conv2d(Conv2dOptions(in, out, torch::ExpandingArray<2>(kernel))
                                       .stride(stride)
                                       .padding(padding)
                                       .bias(false)));
          }
        };
    const auto activation = [] {
      return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(.2).inplace(true));
    };
    int64_t channels = options.dcgan.ndf;
    add(1, channels, {4, 4}, 2, 1);
    body->push_back(activation());
    for (int i = 1; i < size.doublings; ++i) {
      add(channels, channels * 2, {4, 4}, 2, 1);
      channels *= 2;
      if (!spectral) body->push_back(BatchNorm2d(channels));
      body->push_back(activation());
    }
    add(channels, 1, {size.base_height, size.base_width}, 1, 0);
    feature_count = channels;
    dcgan_init(*this);
  }
  torch::Tensor features(const torch::Tensor& images) override {
    auto x = images;
    for (auto layer = body->begin(); layer != body->end() - 1; ++layer)
      x = layer->any_forward(x).get<torch::Tensor>();
    return x;
  }
  torch::Tensor score(const torch::Tensor& features) override {
    return (body->end() - 1)->any_forward(features).get<torch::Tensor>().flatten();
  }
  std::vector<std::vector<torch::Tensor>> layers() const override {
    std::vector<std::vector<torch::Tensor>> out;
    for (const auto& child : body->children()) {
      const auto parameters = child->parameters();
      // A norm belongs to the layer of the convolution before it.
      if (child->as<BatchNorm2d>()) {
        out.back().insert(out.back().end(), parameters.begin(), parameters.end());
      } else if (!parameters.empty()) {
        out.push_back(parameters);
      }
    }
    return out;
  }
  Sequential body = register_module("body", Sequential());
};

}  // namespace

std::shared_ptr<GeneratorNet> make_dcgan_generator(const GanOptions& options,
                                                   int height,
                                                   int width) {
  if (options.dcgan.residual) return make_residual_generator(options, height, width);
  return std::make_shared<DcganGenerator>(options, height, width);
}

void check_dcgan(const GanOptions& options) {
  check(!options.dcgan.residual || options.dcgan.spectral_norm,
        Exit::config,
        "gan.dcgan.residual requires gan.dcgan.spectral_norm=true");
}

int64_t dcgan_generator_weights(const GanOptions& options, int height, int width) {
  if (options.dcgan.residual) return residual_generator_weights(options, height, width);
  const SizePlan size = plan_size(height, width);
  int64_t channels = options.dcgan.ngf << (size.doublings - 1);
  int64_t weights = options.latent * channels * size.base_height * size.base_width;
  for (int i = 1; i < size.doublings; ++i, channels /= 2) weights += channels * channels / 2 * 16;
  return weights + channels * 16;
}

std::shared_ptr<DiscriminatorNet> make_dcgan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width) {
  if (options.dcgan.residual) return make_residual_discriminator(options, height, width);
  return std::make_shared<DcganDiscriminator>(options, height, width);
}

}  // namespace evenray
