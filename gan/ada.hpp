// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "core/rng.hpp"
#include "gan/options.hpp"

namespace evenray {

/// Adaptive discriminator augmentation (Karras et al. 2020), limited to operations that keep a
/// radiograph plausible. Each operation is applied to each image with probability p, the strength.
/// Geometry: shift by whole pixels U(-1/8,1/8) of each side, scale 2^N(0,.2), stretch 2^N(0,.2),
/// rotation U(-15,15) degrees, shift N(0,1/8) of each side. Tone: brightness + N(0,.2), contrast x
/// 2^N(0,.5). No flips (they are an option of the data), no rotations by 90 degrees, no inverted
/// tones. Images are mirrored beyond their borders; sampling is bilinear, without the paper's
/// oversampling. Twice differentiable.
class Ada {
 public:
  Ada(const AdaOptions& options, torch::Device device);

  /// Returns the augmented images, [B,1,H,W] in about -1..1. All random draws come from `rng`.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;

  /// Adapts p after every fourth minibatch, by 4 * minibatch / (1000 * kimg): up if the mean sign
  /// of the logits of the last four minibatches is above the target, down otherwise, within 0 and
  /// the largest strength. Does not wait for the device.
  void observe(const torch::Tensor& real_logits);

  /// The whole state, [3]: p, then the sum of signs and the number of minibatches since p was last
  /// adapted.
  torch::Tensor& state() { return state_; }
  const torch::Tensor& state() const { return state_; }

 private:
  AdaOptions options_;
  torch::Tensor state_;
};

}  // namespace evenray
