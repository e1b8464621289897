// SPDX-License-Identifier: Apache-2.0
#pragma once
// Generators and discriminators of all families. Internal to gan.
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/growth.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"

namespace evenray {

/// [B,latent + classes] -> [B,1,H,W], values about -1..1, of the size of the level in `growth` if
/// the family grows. If the network is conditioned, the last columns are the one-hot label; see
/// with_labels().
struct GeneratorNet : torch::nn::Module {
  Growth growth;
  virtual torch::Tensor forward(const torch::Tensor& latent) = 0;
};

/// How the discriminator uses labels. projection (Miyato & Koyama 2018): the dot product of the
/// features and a vector of the label is added to the logit, divided by the square root of their
/// number; with spectral normalisation the vectors are normalised instead. acgan (Odena et al.
/// 2017): the class is predicted from the features, and both players minimise the cross-entropy.
enum class Conditioning { none, projection, acgan };
std::vector<std::string> conditioning_names();
/// Throws 78 for an unknown name.
Conditioning conditioning_named(const std::string& name);

/// The output of a discriminator for B images.
struct DiscriminatorOutput {
  torch::Tensor logits;   ///< [B], high for real images
  torch::Tensor classes;  ///< [B,classes] logits; defined only for acgan
};

/// [B,1,H,W] of the generator's level -> [B] logits, high for real images.
struct DiscriminatorNet : torch::nn::Module {
  Growth growth;
  /// Returns the input of the last layer, [B,F] or [B,F,h,w].
  virtual torch::Tensor features(const torch::Tensor& images) = 0;
  /// Returns the logits [B] of such features.
  virtual torch::Tensor score(const torch::Tensor& features) = 0;
  torch::Tensor forward(const torch::Tensor& images) { return score(features(images)); }
  /// Returns the parameters of each layer that has any, starting at the image. FreezeD freezes the
  /// first of these layers.
  virtual std::vector<std::vector<torch::Tensor>> layers() const = 0;
  int64_t feature_count = 0;  ///< F

  /// Adds the parameters that options.conditioning needs for `classes` classes.
  void condition(const GanOptions& options, int64_t classes);
  /// Returns the logits of `images`. `labels`: [B,classes], one-hot times the weight of labels
  /// (0..1); not used if the network is not conditioned.
  DiscriminatorOutput discriminate(const torch::Tensor& images, const torch::Tensor& labels);

 private:
  torch::Tensor class_vectors_;
  SpectralConv2d normalised_vectors_{nullptr};
  EqualizedLinear class_scores_{nullptr};
};

/// Returns acgan's term of the loss: the mean of -log p(class), times the weight in `labels`.
torch::Tensor class_loss(const DiscriminatorOutput& output, const torch::Tensor& labels);

/// Initial weights are drawn from torch's generator (seed_torch). `classes`: 0 if the network is
/// not conditioned. Throws 78 for an unknown family or a size that it cannot draw.
std::shared_ptr<GeneratorNet> make_generator(const GanOptions& options,
                                             int height,
                                             int width,
                                             int64_t classes = 0);
std::shared_ptr<DiscriminatorNet> make_discriminator(const GanOptions& options,
                                                     int height,
                                                     int width);

/// Throws 78 for settings that the family cannot train with.
void check_family(const GanOptions& options);

/// Whether a family starts training with small images and grows.
bool family_grows(const std::string& family);

/// Returns the number of weights of the generator that make_generator() would build, without biases
/// and norms.
int64_t generator_weights(const GanOptions& options, int height, int width, int64_t classes = 0);

/// The base size that is doubled `doublings` times to get the size of an image. The short side of
/// the base is 4 px (64 px: 4 doublings, 128 px: 5). plan_size() throws 78 unless the short side is
/// a power of two, at least 16, and the long side is a multiple of 2^doublings, at most 65536.
struct SizePlan {
  int base_height, base_width, doublings;
};
SizePlan plan_size(int height, int width);

// The functions of each family, in a file of its own.
std::shared_ptr<GeneratorNet> make_dcgan_generator(const GanOptions& options,
                                                   int height,
                                                   int width);
std::shared_ptr<DiscriminatorNet> make_dcgan_discriminator(const GanOptions& options,
                                                           int height,
                                                           int width);
void check_dcgan(const GanOptions& options);
int64_t dcgan_generator_weights(const GanOptions& options, int height, int width);
/// DCGAN with residual blocks (gan.dcgan.residual).
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

/// Returns [count,length] latent vectors on the CPU, drawn from N(0,1); row i comes from
/// rng.fork("latent", first + i). Values beyond `limit` are drawn again; 0: no limit.
torch::Tensor latents(
    const Rng& rng, int64_t first, int64_t count, int64_t length, double limit = 0);

/// Computes the batch-norm statistics of a generator over `batches` minibatches of latents
/// (StudioGAN's "standing statistics"), because averaging weights does not give statistics that
/// match them. `labels`: [batches * minibatch,classes] for the latents; undefined if the network is
/// not conditioned.
void standing_statistics(GeneratorNet& net,
                         const Rng& rng,
                         int64_t minibatch,
                         int64_t latent,
                         int batches,
                         torch::Device device,
                         const torch::Tensor& labels = {});

/// Returns [B,latent] and [B,classes] concatenated to [B,latent + classes]; only the latents if
/// `labels` is undefined.
torch::Tensor with_labels(const torch::Tensor& latents, const torch::Tensor& labels);

/// Returns one-hot labels [count,classes] of the images number `first` to first + count - 1, where
/// the classes alternate.
torch::Tensor labels_in_turn(int64_t first, int64_t count, int64_t classes);

/// Returns such labels where each class occurs in proportion to its entry in `counts` (each 1 to
/// 2^32), evenly spread.
torch::Tensor labels_in_proportion(int64_t first,
                                   int64_t count,
                                   const std::vector<int64_t>& counts);

/// Returns such labels that are all of one class.
torch::Tensor labels_of(int64_t class_index, int64_t count, int64_t classes);

}  // namespace evenray
