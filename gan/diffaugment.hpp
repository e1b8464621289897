// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>

#include "core/rng.hpp"

namespace evenray {

/// DiffAugment (Zhao et al. 2020) on one channel in -1..1: brightness + U(-.5,.5), contrast x
/// U(.5,1.5) about the image's mean, translation by up to 1/8 of each side with zeros moved in,
/// cutout of half of each side. Saturation is the identity on grey and absent. Each image has its
/// own draw; all of it is differentiable twice. Computed in the images' type: give it fp32.
struct DiffAugment {
  bool brightness = false, contrast = false, translation = false, cutout = false;

  /// "brightness,translation", or "none". Throws 78 for an unknown name.
  static DiffAugment parse(const std::string& names);

  /// The draws come from `rng` alone: the same stream gives the same augmentation.
  torch::Tensor apply(const torch::Tensor& images, const Rng& rng) const;
};

}  // namespace evenray
