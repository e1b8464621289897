// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>

#include "core/json.hpp"

namespace evenray {

/// Pixels of a golden file: u8, row by row, base64.
inline cv::Mat decoded(const std::string& base64, cv::Size size) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  cv::Mat out(size, CV_8UC1);
  uint32_t bits = 0;
  int have = 0;
  size_t at = 0;
  for (const char c : base64) {
    const size_t digit = digits.find(c);
    if (digit == std::string::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    if (at < out.total()) out.data[at++] = static_cast<uint8_t>(bits >> have);
  }
  return out;
}

inline cv::Mat golden_picture(const Json& golden, const std::string& name) {
  const Json& picture = golden["pictures"][name];
  return decoded(picture["pixels"], {picture["width"], picture["height"]});
}

inline size_t differing_pixels(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return a.total();
  cv::Mat differs;
  cv::compare(a, b, differs, cv::CMP_NE);
  return static_cast<size_t>(cv::countNonZero(differs));
}

}  // namespace evenray
