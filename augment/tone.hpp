// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

/// Combines point operations into one lookup table, so that pixels are read and written only once.
/// Operations that use the histogram get the histogram after the previous operations, so the result
/// equals that of separate operations. Values refer to 8-bit images; on u16 images the operations
/// act accordingly on 0..65535.
class ToneCurve {
 public:
  /// `image`: u8 or u16; must outlive this object.
  explicit ToneCurve(const cv::Mat& image);

  /// Pillow's ImageEnhance: factor 1 changes nothing; contrast scales the distance to the mean.
  void brightness(double factor);
  void contrast(double factor);
  /// Keeps the highest `bits` bits; 8 or more change nothing.
  void posterize(int bits);
  /// Inverts levels at or above `threshold` (0..255).
  void solarize(double threshold);
  /// Adds `levels` (of 0..255) to the levels below 128.
  void solarize_add(double levels);
  void invert();
  /// Stretches the occurring levels to the full range.
  void auto_contrast();
  /// Equalizes the histogram.
  void equalize();
  /// Maps v to value_max * (v / value_max)^gamma.
  void gamma(double gamma);

  /// Returns the image after all operations.
  cv::Mat apply() const;

 private:
  /// Appends an operation: curve(v) is the new value of level v, clamped to the valid range.
  template <class Curve>
  void then(Curve curve);
  /// Returns the histogram after the operations so far.
  const std::vector<int64_t>& histogram();

  const cv::Mat& image_;
  int max_;
  std::vector<uint16_t> table_;
  std::vector<int64_t> histogram_;  ///< of the image after table_; empty: not computed yet
};

/// ImageEnhance.Sharpness: blends from the 3x3 smoothing [1 1 1; 1 5 1; 1 1 1]/13 (which does not
/// change the border) to the image and, with a factor above 1, beyond it.
cv::Mat sharpen(const cv::Mat& image, double factor);

}  // namespace evenray
