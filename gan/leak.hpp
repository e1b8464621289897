// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

namespace evenray {

/// A trace of the augmentation in drawn images: in one simple measure they differ from real images
/// and are nearer to augmented ones.
struct Leak {
  std::string
      measure;  ///< brightness, contrast, grey patch, place down, place across, spread, tilt
  double to_real, to_augmented;  ///< Kolmogorov-Smirnov distances of the drawn images, 0..1
};

/// Returns the leaks found in `drawn`. All sets are [N,1,H,W] in -1..1; returns none for fewer than
/// 8 real or drawn images. A measure is a leak if drawn and real images, and also augmented and
/// real images, differ significantly (two-sample Kolmogorov-Smirnov test at .001), and the drawn
/// images are nearer to the augmented ones. Grey patches come from the zeros of translation and
/// cutout; places, spread and tilt are moments of the bright part.
std::vector<Leak> augmentation_leaks(const torch::Tensor& real,
                                     const torch::Tensor& augmented,
                                     const torch::Tensor& drawn);

/// Returns the Kolmogorov-Smirnov distance of two samples, [N] and [M]: the largest difference of
/// their distribution functions, 0..1.
double kolmogorov_smirnov(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace evenray
