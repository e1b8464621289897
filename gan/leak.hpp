// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

namespace evenray {

/// A trace of augmentation in drawn images: in one simple measure they differ from real images, and
/// lie nearer to augmented ones.
struct Leak {
  std::string
      measure;  ///< brightness, contrast, grey patch, place down, place across, spread, tilt
  double to_real, to_augmented;  ///< Kolmogorov-Smirnov distances of the drawn images, 0..1
};

/// Looks for them in sets [N,1,H,W] in -1..1 of 8 images or more. A measure counts where drawn and
/// real images, and augmented and real ones, differ beyond chance (two-sample Kolmogorov-Smirnov
/// test at .001) and the drawn ones are nearer to the augmented ones. Grey patches are what
/// moved-in zeros and cutouts leave; places, spread and tilt are moments of the bright part.
std::vector<Leak> augmentation_leaks(const torch::Tensor& real,
                                     const torch::Tensor& augmented,
                                     const torch::Tensor& drawn);

/// Kolmogorov-Smirnov distance of two samples, [N] and [M]: the largest difference of their
/// distribution functions.
double kolmogorov_smirnov(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace evenray
