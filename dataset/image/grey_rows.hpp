// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/image/codecs.hpp"

namespace evenray {

/// Turns stored samples into the grey pixels of an image, some rows at a time, so that a large
/// picture takes little more memory than its grey pixels.
class GreyRows {
 public:
  /// Rows that are best added at a time.
  static constexpr int kRows = 64;

  /// `image` must have width and height; its pixels become 0. `type`: of the stored samples: 8 or
  /// 16 bits, 1 to 4 channels. `colour`: the first three are red, green and blue, else the first is
  /// grey. `alpha`: the last is transparency.
  GreyRows(DecodedImage& image, int type, bool colour, bool alpha);

  /// `stored`: rows of this type; `y`: the first of them in the image.
  void add(const cv::Mat& stored, int y);
  /// Sets what was measured: the coloured share and the loss `transparent`. Rows that were not
  /// added count as black and transparent.
  void finish();

 private:
  DecodedImage& image_;
  bool colour_, alpha_;
  int64_t coloured_ = 0, opaque_ = 0;
};

}  // namespace evenray
