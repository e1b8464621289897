// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>

namespace evenray {

/// Returns the image whose border pixels are those of `image` and whose inner pixels each are the
/// mean of their four neighbours: the discrete harmonic interpolation of the border (Perez et al.
/// 2003, "Poisson image editing", eq. 2 with a zero guidance field). Solved exactly by sine
/// transforms. `image`: CV_64FC1, its inner pixels are not read. An image with a side below 3 has
/// no inner pixels and is returned as it is. Takes O(side^3).
cv::Mat harmonic(const cv::Mat& image);

/// Returns Poisson's seamless copy of `patch` onto `ground`, both CV_64FC1 of one size: the image
/// with the Laplacian of `patch` inside and the border of `ground` (Perez et al. 2003, eq. 3).
cv::Mat poisson_copy(const cv::Mat& patch, const cv::Mat& ground);

/// Returns `patch` minus the harmonic interpolation of its border: 0 on the border. `patch`:
/// CV_64FC1.
cv::Mat residual(const cv::Mat& patch);

}  // namespace evenray
