// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the gan room only.
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/growth.hpp"

namespace evenray {

/// [B,latent] -> [B,1,H,W]: of a level of `growth` where the family grows, about -1..1.
struct GeneratorNet : torch::nn::Module {
  Growth growth;
  virtual torch::Tensor forward(const torch::Tensor& latent) = 0;
};

/// [B,1,H,W] of the generator's level -> [B] logits: high for real.
struct DiscriminatorNet : torch::nn::Module {
  Growth growth;
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;
};

/// Weights are drawn from torch's generator (seed_torch). Throws 78 for an unknown family or a size
/// that it cannot draw.
std::shared_ptr<GeneratorNet> make_generator(const GanOptions& options, int height, int width);
std::shared_ptr<DiscriminatorNet> make_discriminator(const GanOptions& options,
                                                     int height,
                                                     int width);

/// Whether a family starts with small images.
bool family_grows(const std::string& family);

/// Weights of the generator that make_generator() would build, biases and norms left out.
int64_t generator_weights(const GanOptions& options, int height, int width);

/// How the sides of an image come about: `base` doubled `doublings` times. The short side's base is
/// 4 (64: 4 doublings, 128: 5). Throws 78 unless the short side is a power of two from 16 on and
/// the long side a multiple of the same doublings, up to 65536.
struct SizePlan {
  int base_height, base_width, doublings;
};
SizePlan plan_size(int height, int width);

// One per family, in its own file.
std::shared_ptr<GeneratorNet> make_dcgan_generator(const GanOptions& options,
                                                   int height,
                                                   int width);
std::shared_ptr<DiscriminatorNet> make_dcgan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width);
int64_t dcgan_generator_weights(const GanOptions& options, int height, int width);
std::shared_ptr<GeneratorNet> make_pggan_generator(const GanOptions& options,
                                                   int height,
                                                   int width);
std::shared_ptr<DiscriminatorNet> make_pggan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width);
int64_t pggan_generator_weights(const GanOptions& options, int height, int width);

/// `count` latent vectors of a stream: row i from fork("latent", first + i).
torch::Tensor latents(const Rng& rng, int64_t first, int64_t count, int64_t length);

/// Batch-norm statistics of a generator over `batches` minibatches of latents (StudioGAN's
/// "standing statistics"): an average of weights has none of its own.
void standing_statistics(GeneratorNet& net,
                         const Rng& rng,
                         int64_t minibatch,
                         int64_t latent,
                         int batches,
                         torch::Device device);

}  // namespace evenray
