// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <opencv2/core.hpp>

namespace evenray {

/// Small versions of images as vectors with zero mean and unit length. The dot product of two
/// vectors is the correlation of the images, which does not depend on brightness and contrast.
class Thumbnails {
 public:
  /// For images of size `image`, shrunk so that the longer side is at most `longest_px`.
  Thumbnails(cv::Size image, int longest_px);

  /// Number of floats per thumbnail.
  size_t length() const { return 2 * half_; }
  /// Writes length() floats to `out`. A constant image gives all zeros, which correlate with no
  /// image.
  void write(const cv::Mat& image, float* out) const;
  /// Returns the higher of two correlations: of both images, and with one of them mirrored left to
  /// right. 1: identical; 0 or below: dissimilar. Summed in a fixed order, so that the result is
  /// the same on every machine.
  float correlation(const float* a, const float* b) const;

 private:
  cv::Size size_;
  size_t half_;  ///< floats of the symmetric part; the antisymmetric part of equal length follows
};

}  // namespace evenray
