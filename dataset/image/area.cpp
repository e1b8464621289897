// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/area.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "core/vectors.hpp"

namespace evenray {
namespace {

/// The input pixels that each output pixel averages: input first[i] + t has weight[t * n + i],
/// where n is the number of output pixels.
struct Taps {
  int taps;
  std::vector<int> first;
  std::vector<float> weight;
  size_t at(int t, int i) const {
    return static_cast<size_t>(t) * first.size() + static_cast<size_t>(i);
  }
};

/// Output pixel i covers [i, i + 1) * in / out of the input.
Taps area_taps(int in, int out) {
  const double step = double(in) / out;
  const int taps = std::min(in, static_cast<int>(std::ceil(step)) + 1);
  Taps result{taps, std::vector<int>(static_cast<size_t>(out)), {}};
  result.weight.resize(result.at(taps, 0));
  for (int i = 0; i < out; ++i) {
    const double begin = i * step, end = begin + step;
    const int first = std::min(static_cast<int>(begin), in - taps);
    result.first[static_cast<size_t>(i)] = first;
    for (int t = 0; t < taps; ++t) {
      const double covered = std::min(end, first + t + 1.) - std::max(begin, double(first + t));
      result.weight[result.at(t, i)] = static_cast<float>(std::max(0., covered) / step);
    }
  }
  return result;
}

EVENRAY_WIDER_VECTORS
void add_row(const uint8_t* in, float weight, float* sum, int n) {
  for (int x = 0; x < n; ++x) sum[x] += weight * static_cast<float>(in[x]);
}

EVENRAY_WIDER_VECTORS
void add_row(const uint16_t* in, float weight, float* sum, int n) {
  for (int x = 0; x < n; ++x) sum[x] += weight * static_cast<float>(in[x]);
}

EVENRAY_WIDER_VECTORS
void add_taps(const float* in, const int* first, const float* weight, float* sum, int n) {
  for (int x = 0; x < n; ++x) sum[x] += weight[x] * in[first[x]];
}

template <class Pixel>
void shrink(const cv::Mat& image, cv::Mat& out) {
  constexpr float kLargest = std::numeric_limits<Pixel>::max();
  const Taps down = area_taps(image.rows, out.rows), across = area_taps(image.cols, out.cols);
  std::vector<float> column_means(static_cast<size_t>(image.cols));
  std::vector<float> means(static_cast<size_t>(out.cols));
  for (int y = 0; y < out.rows; ++y) {
    std::fill(column_means.begin(), column_means.end(), 0.f);
    for (int t = 0; t < down.taps; ++t) {
      const float weight = down.weight[down.at(t, y)];
      if (weight == 0) continue;
      const auto* row = image.ptr<Pixel>(down.first[static_cast<size_t>(y)] + t);
      add_row(row, weight, column_means.data(), image.cols);
    }
    // Sums start at one half, so that the cast below rounds to nearest.
    std::fill(means.begin(), means.end(), .5f);
    for (int t = 0; t < across.taps; ++t) {
      const float* weight = across.weight.data() + across.at(t, 0);
      add_taps(column_means.data() + t, across.first.data(), weight, means.data(), out.cols);
    }
    auto* pixels = out.ptr<Pixel>(y);
    for (int x = 0; x < out.cols; ++x)
      pixels[x] = static_cast<Pixel>(std::min(means[static_cast<size_t>(x)], kLargest));
  }
}

}  // namespace

cv::Mat area_average(const cv::Mat& image, int height, int width) {
  assert(image.type() == CV_8UC1 || image.type() == CV_16UC1);
  assert(0 < height && height <= image.rows && 0 < width && width <= image.cols);
  cv::Mat out(height, width, image.type());
  image.depth() == CV_8U ? shrink<uint8_t>(image, out) : shrink<uint16_t>(image, out);
  return out;
}

}  // namespace evenray
