// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// How close drawn images come to the training images, in pixels: distances are those of images of
/// zero mean and unit norm (the square root of 2 - 2 correlation), one of the two mirrored where
/// that is nearer.
struct Memorisation {
  double nearest_ratio = 0;  ///< median distance to the nearest training image over the same
                             ///< between training images; near 1: as far as they
  double authentic = 0;  ///< share whose nearest training image is nearer to another training image
                         ///< (Alaa et al. 2022)
  int64_t flagged = 0;   ///< near duplicates of a training image
};
/// Sets of one size; throws 65 where they are not, or too small (1 and 2 images).
Memorisation memorisation(const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& train);

}  // namespace evenray
