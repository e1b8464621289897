// SPDX-License-Identifier: Apache-2.0
#include "augment/thumbnails.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

/// Number of independent sums, so that the compiler can vectorise without reordering additions.
constexpr size_t kLanes = 16;

float dot(const float* a, const float* b, size_t n) {
  std::array<float, kLanes> sums{};
  for (size_t i = 0; i < n; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (float s : sums) sum += s;
  return sum;
}

}  // namespace

Thumbnails::Thumbnails(cv::Size image, int longest_px) {
  const double shrink =
      std::min(1., longest_px / static_cast<double>(std::max(image.width, image.height)));
  size_ = {std::max(1, static_cast<int>(std::lround(image.width * shrink))),
           std::max(1, static_cast<int>(std::lround(image.height * shrink)))};
  const auto pixels =
      static_cast<size_t>((size_.width + 1) / 2) * static_cast<size_t>(size_.height);
  half_ = (pixels + kLanes - 1) / kLanes * kLanes;
}

void Thumbnails::write(const cv::Mat& image, float* out) const {
  cv::Mat small, values;
  cv::resize(image, small, size_, 0, 0, cv::INTER_AREA);
  small.convertTo(values, CV_64F);
  values -= cv::mean(values)[0];
  const double length = std::sqrt(values.dot(values));
  std::fill(out, out + 2 * half_, 0.f);
  if (length == 0) return;
  float *even = out, *odd = out + half_;
  for (int y = 0; y < size_.height; ++y) {
    const auto* row = values.ptr<double>(y);
    // Each pair of pixels at mirrored positions is stored as sum and difference, divided by sqrt 2
    // (an orthonormal transform, so lengths and dot products stay the same). Mirroring only changes
    // the sign of the differences, so correlation() gets both orientations from one pair of dot
    // products.
    for (int x = 0; x < size_.width / 2; ++x) {
      const double left = row[x], right = row[size_.width - 1 - x];
      *even++ = static_cast<float>((left + right) / (length * std::numbers::sqrt2));
      *odd++ = static_cast<float>((left - right) / (length * std::numbers::sqrt2));
    }
    if (size_.width % 2 == 1) *even++ = static_cast<float>(row[size_.width / 2] / length);
  }
}

float Thumbnails::correlation(const float* a, const float* b) const {
  return dot(a, b, half_) + std::abs(dot(a + half_, b + half_, half_));
}

}  // namespace evenray
