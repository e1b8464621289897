// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "gan/ada.hpp"
#include "gan/diffaugment.hpp"
#include "gan/gan.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// The augmentation of the images that the discriminator receives, as gan.augment selects it:
/// operations of DiffAugment, "ada", or "none".
class Augmentation {
 public:
  /// Throws 78 for an unknown name.
  Augmentation(const GanOptions& options, torch::Device device);

  /// Returns the augmented images, [B,1,H,W] fp32 in about -1..1. All random draws come from `rng`.
  /// Twice differentiable.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;
  /// Takes D's logits for the real images of each step; ada adapts its strength to them.
  void observe(const torch::Tensor& real_logits);

  /// The strength p of ada; empty without ada.
  std::optional<double> strength() const;
  /// Write and read the state of ada. load() throws 65 if it is missing or has another shape.
  void save(TensorFile& file) const;
  void load(const TensorFile& file, const Path& path);

 private:
  DiffAugment diffaugment_;
  std::unique_ptr<Ada> ada_;
};

}  // namespace evenray
