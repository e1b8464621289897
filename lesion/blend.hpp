// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "lesion/cut.hpp"

namespace evenray {

/// How the pixels of a patch replace those of its target.
enum class Blend {
  feather,   ///< the patch itself, with the target's gain and offset
  poisson,   ///< its Laplacian, so that its border is the target's (poisson_copy())
  residual,  ///< the fine part of the lesion minus its harmonic interpolation is added: what a
             ///< Gaussian of a tenth of its side does not keep
};

/// The strength and the tone of one paste.
struct Paste {
  Blend blend = Blend::poisson;
  double mix = 1;  ///< share of the blended patch, 0..1
  double gain =
      1;  ///< set by paste(): contrast of the target's ring / that of the patch's, .5 to 2
  double grain = 0;  ///< set by paste(): standard deviation of the added noise, 0..1 is the range
};

/// Returns the target, CV_64FC1 in 0..1, with the patch at `area`. The patch's contrast and mean
/// are first matched to the target's in the ring, and noise is added where the patch has less than
/// the target (noise_level()). Pixels with alpha 0 do not change. `area` must be inside the target
/// and have the patch's size.
cv::Mat paste(const Cut& cut, const Scene& target, const cv::Rect& area, Paste& how, Rng rng);

/// Returns an image in 0..1 as u8 or u16 with white at value_max.
cv::Mat quantised(const cv::Mat& image, int value_max);

}  // namespace evenray
