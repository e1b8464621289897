// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two networks in training. Internal to gan.
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

/// Generator, discriminator, the generator's average and the optimisers: makes training steps, and
/// saves and loads what a checkpoint needs. All random draws come from streams named by the step,
/// so a checkpoint does not need the state of a random generator.
class Players {
 public:
  /// `classes`: 0 without labels. Throws 78 if gan.transfer.freeze_d leaves nothing to train.
  Players(const GanOptions& options,
          int height,
          int width,
          int64_t classes,
          const Compute& compute,
          const Rng& rng);

  /// Updates D once, then G once. The drawn images get the labels of the real ones. `step` is the
  /// number of the step, from which the random streams follow.
  void step(const TrainingSet::Minibatch& real, const Moment& moment, int64_t step);

  /// The growth of the networks in the last step.
  const Growth& growth() const { return generator_->growth; }
  /// Sets growth and label weight without a step; for resuming.
  void set_moment(const Moment& moment);
  /// Sets the random streams of the following steps; the latents of draw() do not change.
  void take_streams(const Rng& rng) { streams_ = rng; }
  /// Whether all losses since take_means(), all weights and all moments are finite. Waits for the
  /// device.
  bool finite() const;
  /// The weight of labels in the last step, 0..1.
  double label_share() const { return label_share_; }
  /// Returns images [B,1,H,W] in -1..1 augmented in the way that D receives them.
  torch::Tensor augmented(const torch::Tensor& images, const Rng& rng) const {
    return augmentation_.apply(images, rng);
  }
  /// The strength p of gan.augment=ada; empty otherwise.
  std::optional<double> augmentation_strength() const { return augmentation_.strength(); }

  /// Returns the means of loss_d, loss_g, D(real) and D(fake) since the last call, which was
  /// `steps` steps ago, and resets them. D's outputs are probabilities for bce and logits
  /// otherwise. Waits for the device.
  std::vector<double> take_means(int64_t steps);

  /// Returns the mean sign of D(real) - D(drawn) over pairs of images since the last call, and
  /// resets it; 1 means that D always separates them. Waits for the device.
  double take_separation();

  /// Returns `count` images of the averaged generator, [count,1,H,W] in about -1..1, always from
  /// the same latents; with labels the classes are in proportion to `class_counts` (see
  /// labels_in_proportion()). Computed in fp32 with the average's own batch-norm statistics, as
  /// Generator::sample() does.
  torch::Tensor draw(int64_t count, const std::vector<int64_t>& class_counts = {});

  /// Adds everything that is needed to resume training.
  void save(TensorFile& file);
  /// Adds the averaged generator, which is all that sampling needs.
  void save_average(TensorFile& file);
  /// Loads what save() added. `path` is for messages. Throws 65 if a tensor is missing or has
  /// another shape.
  void load(const TensorFile& file, const Path& path);
  /// Loads the networks only, as the start of another training (gan.transfer.from).
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
  /// wgan-gp's penalty, at random points between real and fake images.
  torch::Tensor penalty_between(const torch::Tensor& real,
                                const torch::Tensor& fake,
                                const torch::Tensor& labels,
                                const Rng& stream);
  /// Updates LeCam's anchors with the logits and returns its regulariser.
  torch::Tensor lecam(const torch::Tensor& real, const torch::Tensor& fake, const Moment& moment);
  /// Mean output of D for the log: a probability for bce, a logit otherwise.
  torch::Tensor mean_output(const torch::Tensor& logits) const;
  /// Computes the average's batch-norm statistics. Without averaging, copies the generator first.
  void refresh_average();

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
  torch::Tensor sums_, separation_;  ///< of take_means() and take_separation()
  torch::Tensor anchors_;  ///< LeCam's: moving averages of D's logits for real and for drawn images
};

}  // namespace evenray
