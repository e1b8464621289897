// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

/// Point operations gathered into one look-up table: whatever their number, the pixels are read and
/// written once. Operations that look at the histogram see the one that the operations before them
/// leave, so the result is that of one after the other. Values are those of 8-bit images; on u16
/// they act alike on 0..65535.
class ToneCurve {
 public:
  explicit ToneCurve(const cv::Mat& image);

  /// Pillow's ImageEnhance: factor 1 changes nothing; contrast turns about the mean.
  void brightness(double factor);
  void contrast(double factor);
  void posterize(int bits);
  /// Levels at or above the threshold are inverted.
  void solarize(double threshold);
  void invert();
  void auto_contrast();
  void equalize();
  /// value_max * (v / value_max)^gamma.
  void gamma(double gamma);

  cv::Mat apply() const;

 private:
  template <class Curve>
  void then(Curve curve);
  const std::vector<int64_t>& histogram();

  const cv::Mat& image_;
  int max_;
  std::vector<uint16_t> table_;
  std::vector<int64_t> histogram_;  ///< of the image after table_; empty: not counted
};

/// ImageEnhance.Sharpness: away from (or towards) the 3x3 smoothing [1 1 1; 1 5 1; 1 1 1]/13 that
/// leaves the border as it is.
cv::Mat sharpen(const cv::Mat& image, double factor);

}  // namespace evenray
