// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

/// Where the detail of images lies: mean power over the images and over rings of equal spatial
/// frequency. Drawn images that lack the finest detail, or have it on a grid, differ from real ones
/// at the right end (Durall et al. 2020).
struct Spectrum {
  std::vector<double> frequency;  ///< cycles per pixel: 1/n, 2/n, ... .5, n the shorter side
  std::vector<double> log_power;  ///< log10 of the power; white noise has its variance's
};

/// Of CV_8UC1 or CV_16UC1 images of one size, white as 1, each without its mean and under a Hann
/// window. Power below 1e-12 counts as that. Throws 65 for no images, several sizes or sides below
/// 8 px.
Spectrum radial_spectrum(const std::vector<cv::Mat>& images);

}  // namespace evenray
