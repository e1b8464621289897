// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the gan room only.
#include <torch/types.h>

#include <memory>
#include <vector>

#include "gan/augmentation.hpp"
#include "gan/losses.hpp"
#include "gan/networks.hpp"
#include "gan/training_set.hpp"
#include "nn/compute.hpp"
#include "nn/optimizer.hpp"

namespace evenray {

/// Generator, discriminator, the generator's average and the optimisers: one training step, and
/// what a checkpoint needs. All that is random comes from streams named by the step, so nothing but
/// its number has to be remembered.
class Players {
 public:
  /// classes: 0 without labels. Throws 78 where gan.transfer.freeze_d leaves nothing to train.
  Players(const GanOptions& options,
          int height,
          int width,
          int64_t classes,
          const Compute& compute,
          const Rng& rng);

  /// One update of D, then of G; drawn images are asked for with the labels of the real ones.
  /// `step` numbers the draws.
  void step(const TrainingSet::Minibatch& real, const Moment& moment, int64_t step);

  /// What the networks have grown to: that of the last step.
  const Growth& growth() const { return generator_->growth; }
  void set_moment(const Moment& moment);
  /// From now on steps draw from these; the latents of draw() stay.
  void take_streams(const Rng& rng) { streams_ = rng; }
  /// Whether all losses since take_means(), all weights and moments are. Waits for the device.
  bool finite() const;
  /// How far labels count, as of the last step.
  double label_share() const { return label_share_; }
  /// What D is shown of images [B,1,H,W] in -1..1.
  torch::Tensor augmented(const torch::Tensor& images, const Rng& rng) const {
    return augmentation_.apply(images, rng);
  }
  /// Of gan.augment=ada.
  std::optional<double> augmentation_strength() const { return augmentation_.strength(); }

  /// Means over the last `steps` steps: loss_d, loss_g, D(real), D(fake), the last two as
  /// probabilities for bce, else as the logits are. Waits for the device.
  std::vector<double> take_means(int64_t steps);

  /// Mean sign of D(real) - D(drawn), image by image, since this was last asked: 1 where D tells
  /// them apart always. Waits for the device.
  double take_separation();

  /// `count` images of the averaged generator, [count,1,H,W] about -1..1, always of the same
  /// latents; with labels each class as often as `class_counts` say (see labels_in_proportion()).
  /// Drawn in fp32 with batch-norm statistics of its own, as Generator::sample will.
  torch::Tensor draw(int64_t count, const std::vector<int64_t>& class_counts = {});

  /// All that training needs to go on.
  void save(TensorFile& file);
  /// The average alone: what sampling needs.
  void save_average(TensorFile& file);
  void load(const TensorFile& file, const Path& path);
  /// Networks alone, to begin with (gan.transfer.from).
  void load_networks(const TensorFile& file, const Path& path);

 private:
  torch::Tensor update_discriminator(const torch::Tensor& real,
                                     const torch::Tensor& fake,
                                     const torch::Tensor& labels,
                                     const Moment& moment,
                                     int64_t step,
                                     const Rng& stream);
  torch::Tensor update_generator(const torch::Tensor& real,
                                 const torch::Tensor& fake,
                                 const torch::Tensor& labels,
                                 const Rng& stream);
  /// wgan-gp's penalty between two sets of images that D is shown.
  torch::Tensor penalty_between(const torch::Tensor& real,
                                const torch::Tensor& fake,
                                const torch::Tensor& labels,
                                const Rng& stream);
  /// LeCam's regulariser, after its anchors have moved.
  torch::Tensor lecam(const torch::Tensor& real, const torch::Tensor& fake, const Moment& moment);
  /// D's mean view of some images, for the log.
  torch::Tensor view(const torch::Tensor& logits) const;
  /// Gives the average its batch-norm statistics; without averaging it becomes the generator first.
  void settle_average();

  GanOptions options_;
  Compute compute_;
  Rng rng_, streams_;
  SizePlan size_;
  int64_t classes_;
  double label_share_ = 1;
  Augmentation augmentation_;
  const AdversarialLoss& loss_;
  std::shared_ptr<GeneratorNet> generator_, average_;
  std::shared_ptr<DiscriminatorNet> discriminator_;
  std::unique_ptr<FusedAdam> adam_g_, adam_d_;
  torch::Tensor sums_, separation_;  ///< since they were last taken
  torch::Tensor anchors_;  ///< LeCam's: moving means of D's logits for real and for drawn images
};

}  // namespace evenray
