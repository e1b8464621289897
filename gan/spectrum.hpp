// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

/// The power spectrum of a set of images: mean power over the images and over rings of equal
/// spatial frequency. Drawn images that lack the finest detail, or repeat it on a grid, differ from
/// real ones at the highest frequencies (Durall et al. 2020).
struct Spectrum {
  std::vector<double> frequency;  ///< cycles per pixel: 1/n, 2/n, ... .5; n is the shorter side
  std::vector<double> log_power;  ///< log10 of the power; the power of white noise is its variance
};

/// Returns the spectrum of CV_8UC1 or CV_16UC1 images of one size. White is 1; each image's mean is
/// subtracted and a Hann window applied. Powers below 1e-12 are set to 1e-12. Throws 65 for no
/// images, different sizes or sides below 8 px.
Spectrum radial_spectrum(const std::vector<cv::Mat>& images);

}  // namespace evenray
