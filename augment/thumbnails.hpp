// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <opencv2/core.hpp>

namespace evenray {

/// Small pictures as vectors of zero mean and unit length, so that the product of two is their
/// correlation, which sees neither brightness nor contrast.
class Thumbnails {
 public:
  /// For images of one size, shrunk to a long side of at most `longest_px`.
  Thumbnails(cv::Size image, int longest_px);

  /// Floats of one thumbnail.
  size_t length() const { return 2 * half_; }
  /// Writes length() floats; an even grey becomes all zeros, like nothing.
  void write(const cv::Mat& image, float* out) const;
  /// Correlation of two pictures, one of them as it is or mirrored left to right, whichever is
  /// higher: in 0..1 where they are alike. Summed in a fixed order: the same on every machine.
  float correlation(const float* a, const float* b) const;

 private:
  cv::Size size_;
  size_t half_;  ///< floats of the even part, then as many of the odd part
};

}  // namespace evenray
