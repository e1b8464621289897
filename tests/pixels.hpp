// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>

#include "core/rng.hpp"

namespace evenray {

inline bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// Grain of bytes below `bound`.
inline cv::Mat noise(
    int height, int width, int type = CV_8UC1, uint64_t seed = 5, uint64_t bound = 256) {
  cv::Mat image(height, width, type);
  Rng rng(seed);
  for (size_t i = 0; i < image.total() * image.elemSize(); ++i)
    image.data[i] = static_cast<uint8_t>(rng.below(bound));
  return image;
}

}  // namespace evenray
