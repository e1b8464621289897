// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the gan room only.
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/growth.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"

namespace evenray {

/// [B,latent + classes] -> [B,1,H,W]: of a level of `growth` where the family grows, about -1..1.
/// The last columns are the label, one-hot, where the network is conditioned; see with_labels().
struct GeneratorNet : torch::nn::Module {
  Growth growth;
  virtual torch::Tensor forward(const torch::Tensor& latent) = 0;
};

/// How the discriminator learns of labels. projection (Miyato & Koyama 2018): the features' product
/// with a vector of the label is added to the logit: over the root of their number, or, with
/// spectral normalisation, of vectors normalised likewise. acgan (Odena
/// et al. 2017): the features tell the class, whose cross-entropy both players minimise.
enum class Conditioning { none, projection, acgan };
std::vector<std::string> conditioning_names();
/// Throws 78 for an unknown name.
Conditioning conditioning_named(const std::string& name);

/// What a discriminator says of B images.
struct Judgement {
  torch::Tensor logits;   ///< [B]
  torch::Tensor classes;  ///< [B,classes] logits; undefined but for acgan
};

/// [B,1,H,W] of the generator's level -> [B] logits: high for real.
struct DiscriminatorNet : torch::nn::Module {
  Growth growth;
  /// What the score is taken of: [B,F] or [B,F,h,w].
  virtual torch::Tensor features(const torch::Tensor& images) = 0;
  virtual torch::Tensor score(const torch::Tensor& features) = 0;
  torch::Tensor forward(const torch::Tensor& images) { return score(features(images)); }
  /// Layers from the image's side on that have weights, one entry each: what FreezeD freezes.
  virtual std::vector<std::vector<torch::Tensor>> layers() const = 0;
  int64_t feature_count = 0;  ///< F

  /// Adds what it takes to know `classes` classes.
  void condition(const GanOptions& options, int64_t classes);
  /// labels: [B,classes], one-hot times how far labels count (0..1); unused where not conditioned.
  Judgement judge(const torch::Tensor& images, const torch::Tensor& labels);

 private:
  torch::Tensor class_vectors_;
  SpectralConv2d normalised_vectors_{nullptr};
  EqualizedLinear class_scores_{nullptr};
};

/// acgan's share of a loss: the mean of -log p(class), times how far labels count.
torch::Tensor class_loss(const Judgement& judged, const torch::Tensor& labels);

/// Weights are drawn from torch's generator (seed_torch). `classes`: 0 where the network is not
/// conditioned. Throws 78 for an unknown family or a size that it cannot draw.
std::shared_ptr<GeneratorNet> make_generator(const GanOptions& options,
                                             int height,
                                             int width,
                                             int64_t classes = 0);
std::shared_ptr<DiscriminatorNet> make_discriminator(const GanOptions& options,
                                                     int height,
                                                     int width);

/// Throws 78 for settings that the family cannot train with.
void check_family(const GanOptions& options);

/// Whether a family starts with small images.
bool family_grows(const std::string& family);

/// Weights of the generator that make_generator() would build, biases and norms left out.
int64_t generator_weights(const GanOptions& options, int height, int width, int64_t classes = 0);

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
void check_dcgan(const GanOptions& options);
int64_t dcgan_generator_weights(const GanOptions& options, int height, int width);
/// DCGAN with a residual body, gan.dcgan.residual.
std::shared_ptr<GeneratorNet> make_residual_generator(const GanOptions& options,
                                                      int height,
                                                      int width);
std::shared_ptr<DiscriminatorNet> make_residual_discriminator(const GanOptions& options,
                                                              int height,
                                                              int width);
int64_t residual_generator_weights(const GanOptions& options, int height, int width);
std::shared_ptr<GeneratorNet> make_pggan_generator(const GanOptions& options,
                                                   int height,
                                                   int width);
std::shared_ptr<DiscriminatorNet> make_pggan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width);
void check_pggan(const GanOptions& options);
int64_t pggan_generator_weights(const GanOptions& options, int height, int width);

/// `count` latent vectors of a stream: row i from fork("latent", first + i). Values beyond `limit`
/// are drawn again, unless it is 0.
torch::Tensor latents(
    const Rng& rng, int64_t first, int64_t count, int64_t length, double limit = 0);

/// Batch-norm statistics of a generator over `batches` minibatches of latents (StudioGAN's
/// "standing statistics"): an average of weights has none of its own. `labels`: [batches *
/// minibatch,classes] beside the latents, undefined where the network is not conditioned.
void standing_statistics(GeneratorNet& net,
                         const Rng& rng,
                         int64_t minibatch,
                         int64_t latent,
                         int batches,
                         torch::Device device,
                         const torch::Tensor& labels = {});

/// [B,latent] and [B,classes] side by side; the latents alone where `labels` is undefined.
torch::Tensor with_labels(const torch::Tensor& latents, const torch::Tensor& labels);

/// One-hot labels [count,classes] of images number first .. first + count - 1, where the classes
/// take turns.
torch::Tensor labels_in_turn(int64_t first, int64_t count, int64_t classes);

/// The same where each class comes as often as `counts` (each 1 to 2^32) say, evenly spread.
torch::Tensor labels_in_proportion(int64_t first,
                                   int64_t count,
                                   const std::vector<int64_t>& counts);

/// The same of one class.
torch::Tensor labels_of(int64_t class_index, int64_t count, int64_t classes);

}  // namespace evenray
