// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>

#include "core/rng.hpp"

namespace evenray {

/// DiffAugment (Zhao et al. 2020) on one channel in -1..1: brightness + U(-.5,.5), contrast x
/// U(.5,1.5) about the image's mean, translation by up to 1/8 of each side, filled with zeros, and
/// cutout of half of each side. There is no saturation, since it does not change grey images. The
/// draws differ from image to image. Twice differentiable. Computed in the type of the images,
/// which should be fp32.
struct DiffAugment {
  bool brightness = false, contrast = false, translation = false, cutout = false;

  /// Parses a list such as "brightness,translation", or "none". Throws 78 for an unknown name.
  static DiffAugment parse(const std::string& names);

  /// Returns the augmented images [B,1,H,W]. All random draws come from `rng`, so the same stream
  /// gives the same augmentation.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;
};

}  // namespace evenray
