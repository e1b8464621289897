// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>

namespace evenray {

/// An image as places are compared in it.
struct Scene {
  explicit Scene(const cv::Mat& image, int value_max);

  cv::Mat grey;          ///< CV_64FC1, 0..1
  cv::Mat smooth;        ///< grey, smoothed by a Gaussian of 1 px, CV_32FC1
  cv::Mat sums;          ///< integral of `smooth`, CV_64FC1, one row and column larger
  cv::Mat across, down;  ///< derivatives of `smooth` per px, CV_32FC1
};

/// Returns the mean of the smoothed grey values in an area; takes the same time for every size.
double mean_in(const Scene& scene, const cv::Rect& area);

/// What an area of an image looks like.
struct Texture {
  double mean = 0;       ///< of the smoothed grey values
  double spread = 0;     ///< their standard deviation
  double gradient = 0;   ///< root of the mean squared gradient, per px
  double angle_deg = 0;  ///< direction of the gradient, -90..90, from the structure tensor
  double coherence = 0;  ///< of the structure tensor: 0 no direction, 1 one direction only
};

/// Returns the texture of `area` in the scene where `where` is not 0. `where`: CV_8UC1 of the size
/// of `area`, which must be inside the image. The structure tensor is that of Bigun and Granlund
/// (1987); coherence = |l1 - l2| / (l1 + l2) of its eigenvalues.
Texture texture_of(const Scene& scene, const cv::Rect& area, const cv::Mat& where);

/// The largest differences that a place may have.
struct Likeness {
  double tolerance = .2;  ///< of mean and gradient, as a share of the larger value
  double angle_deg = 20;  ///< of directions, if both coherences are above .3
};
/// Returns whether two textures differ by no more than that.
bool alike(const Texture& a, const Texture& b, const Likeness& bounds);

/// Returns whether two values differ by at most `tolerance` times the larger one.
bool alike_values(double a, double b, double tolerance);

/// Returns the correlation of the smoothed grey values of two areas of one size; 0 if one is flat.
double correlation(const Scene& a, const cv::Rect& in_a, const Scene& b, const cv::Rect& in_b);

/// Returns the standard deviation of the noise of a CV_64FC1 image (Immerkaer 1996, "Fast noise
/// variance estimation"), over the pixels that are not on the border and where `where` is not 0; 0
/// if there are none.
double noise_level(const cv::Mat& image, const cv::Mat& where);

}  // namespace evenray
