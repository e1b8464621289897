// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/operation.hpp"

namespace evenray {

/// How strong the operations of published policies are: torchvision's tables of magnitudes, in
/// which each operation has a value for each bin from 0.
enum class Magnitudes {
  auto_augment,     ///< Cubuk et al. 2019: 10 bins
  rand_augment,     ///< Cubuk et al. 2020: the same ranges in 31 bins
  trivial_augment,  ///< Müller and Hutter 2021, the "wide" space: 31 bins, shifts in pixels
  aug_mix,          ///< Hendrycks et al. 2020: 10 bins
};

/// Returns the number of bins of each operation.
int magnitude_bins(Magnitudes magnitudes);
/// Whether shifts are a number of pixels, not a share of the side.
bool shifts_in_pixels(Magnitudes magnitudes);
/// Returns the operation with torchvision's magnitude for this bin and image size; `positive` is
/// the drawn sign, which only some operations have.
Operation binned_operation(Magnitudes magnitudes, Op op, int bin, bool positive, cv::Size size);

}  // namespace evenray
