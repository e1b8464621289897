// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the gan room only.
#include <torch/types.h>

#include <memory>
#include <vector>

#include "gan/diffaugment.hpp"
#include "gan/losses.hpp"
#include "gan/networks.hpp"
#include "nn/compute.hpp"
#include "nn/optimizer.hpp"

namespace evenray {

/// Generator, discriminator, the generator's average and the optimisers: one training step, and
/// what a checkpoint needs. All that is random comes from streams named by the step, so nothing but
/// its number has to be remembered.
class Players {
 public:
  Players(const GanOptions& options, int height, int width, const Compute& compute, const Rng& rng);

  /// One update of D, then of G. `real`: [minibatch,1,H,W] in -1..1. `step` numbers the draws.
  void step(const torch::Tensor& real, const Moment& moment, int64_t step);

  /// What the networks have grown to: that of the last step.
  const Growth& growth() const { return generator_->growth; }
  void set_growth(const Growth& growth);

  /// Means over the last `steps` steps: loss_d, loss_g, D(real), D(fake), the last two as
  /// probabilities for bce, else as the logits are. Waits for the device. Throws 1 where a loss is
  /// not finite.
  std::vector<double> take_means(int64_t steps);

  /// `count` images of the averaged generator, [count,1,H,W] about -1..1, always of the same
  /// latents. Drawn in fp32 with batch-norm statistics of its own, as Generator::sample will.
  torch::Tensor draw(int64_t count);

  /// All that training needs to go on.
  void save(TensorFile& file);
  /// The average alone: what sampling needs.
  void save_average(TensorFile& file);
  void load(const TensorFile& file, const Path& path);

 private:
  torch::Tensor update_discriminator(const torch::Tensor& real,
                                     const torch::Tensor& fake,
                                     int64_t step,
                                     const Rng& stream);
  torch::Tensor update_generator(const torch::Tensor& real,
                                 const torch::Tensor& fake,
                                 const Rng& stream);
  /// wgan-gp's penalty between two sets of images that D is shown.
  torch::Tensor penalty_between(const torch::Tensor& real,
                                const torch::Tensor& fake,
                                const Rng& stream);
  /// D's mean view of some images, for the log.
  torch::Tensor view(const torch::Tensor& logits) const;
  /// Gives the average its batch-norm statistics; without averaging it becomes the generator first.
  void settle_average();

  GanOptions options_;
  Compute compute_;
  Rng rng_;
  SizePlan size_;
  DiffAugment augment_;
  const AdversarialLoss& loss_;
  std::shared_ptr<GeneratorNet> generator_, average_;
  std::shared_ptr<DiscriminatorNet> discriminator_;
  std::unique_ptr<FusedAdam> adam_g_, adam_d_;
  torch::Tensor sums_;
};

}  // namespace evenray
