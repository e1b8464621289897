// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "gan/ada.hpp"
#include "gan/diffaugment.hpp"
#include "gan/gan.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// What happens to images on their way to the discriminator: gan.augment names DiffAugment's
/// operations, "ada", or "none".
class Augmentation {
 public:
  /// Throws 78 for an unknown name.
  Augmentation(const GanOptions& options, torch::Device device);

  /// [B,1,H,W] fp32 in about -1..1. The draws come from `rng` alone. Twice differentiable.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;
  /// Told of D's logits for the real images of each step, by which ada sets its strength.
  void observe(const torch::Tensor& real_logits);

  /// Of ada; empty otherwise.
  std::optional<double> strength() const;
  void save(TensorFile& file) const;
  void load(const TensorFile& file, const Path& path);

 private:
  DiffAugment diffaugment_;
  std::unique_ptr<Ada> ada_;
};

}  // namespace evenray
