// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "core/rng.hpp"
#include "gan/options.hpp"

namespace evenray {

/// Adaptive discriminator augmentation (Karras et al. 2020) with operations that a radiograph
/// survives: each image gets each operation with probability p, the strength. Geometry: shift by
/// whole pixels U(-1/8,1/8) of each side, scale 2^N(0,.2), stretch 2^N(0,.2), turn U(-15,15)
/// degrees, shift N(0,1/8); tone: brightness + N(0,.2), contrast x 2^N(0,.5). No flips (an option
/// of the data), no turns by 90 degrees, no inverted tones. Beyond its borders an image is
/// mirrored; sampling is bilinear, without the paper's oversampling. Twice differentiable.
class Ada {
 public:
  Ada(const AdaOptions& options, torch::Device device);

  /// [B,1,H,W] in about -1..1; the draws come from `rng` alone.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;

  /// After every fourth minibatch p moves by (4 minibatches / kimg) up where the mean sign of the
  /// last four lies above the target, else down, within 0..largest. Nothing waits for the device.
  void observe(const torch::Tensor& real_logits);

  /// [3]: p, the sum of signs and the minibatches since p last moved: all of its state.
  torch::Tensor& state() { return state_; }
  const torch::Tensor& state() const { return state_; }

 private:
  AdaOptions options_;
  torch::Tensor state_;
};

}  // namespace evenray
