// SPDX-License-Identifier: Apache-2.0
#include "augment/tone.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace evenray {
namespace {

int value_max(const cv::Mat& image) { return image.depth() == CV_16U ? 65535 : 255; }

/// Pillow's Image.blend with its float arithmetic. The cast truncates, as Pillow does.
int blend(int from, int to, float share, int max) {
  if (share == 0) return from;
  if (share == 1) return to;
  const float step = share * static_cast<float>(to - from);
  const float value = static_cast<float>(from) + step;
  if (value <= 0) return 0;
  return value >= static_cast<float>(max) ? max : static_cast<int>(value);
}

template <class T>
void count(const cv::Mat& image,
           const std::vector<uint16_t>& table,
           std::vector<int64_t>& histogram) {
  for (int y = 0; y < image.rows; ++y) {
    const T* row = image.ptr<T>(y);
    for (int x = 0; x < image.cols; ++x) ++histogram[table[row[x]]];
  }
}

template <class T>
void apply_table(const cv::Mat& image, const std::vector<uint16_t>& table, cv::Mat& out) {
  for (int y = 0; y < image.rows; ++y) {
    const T* in = image.ptr<T>(y);
    T* to = out.ptr<T>(y);
    for (int x = 0; x < image.cols; ++x) to[x] = static_cast<T>(table[in[x]]);
  }
}

template <class T>
cv::Mat sharpen_as(const cv::Mat& image, float factor) {
  constexpr float kEdge = 1.f / 13.f, kCentre = 5.f / 13.f;
  const int max = value_max(image);
  cv::Mat out = image.clone();
  for (int y = 1; y + 1 < image.rows; ++y) {
    const T* above = image.ptr<T>(y - 1);
    const T* row = image.ptr<T>(y);
    const T* below = image.ptr<T>(y + 1);
    T* to = out.ptr<T>(y);
    for (int x = 1; x + 1 < image.cols; ++x) {
      // Added in Pillow's order, so that rounding is the same.
      float sum = .5f;
      sum += below[x - 1] * kEdge + below[x] * kEdge + below[x + 1] * kEdge;
      sum += row[x - 1] * kEdge + row[x] * kCentre + row[x + 1] * kEdge;
      sum += above[x - 1] * kEdge + above[x] * kEdge + above[x + 1] * kEdge;
      const int smooth = std::min(max, static_cast<int>(sum));
      to[x] = static_cast<T>(blend(smooth, row[x], factor, max));
    }
  }
  return out;
}

}  // namespace

ToneCurve::ToneCurve(const cv::Mat& image)
    : image_(image), max_(value_max(image)), table_(static_cast<size_t>(max_) + 1) {
  std::iota(table_.begin(), table_.end(), uint16_t{0});
}

template <class Curve>
void ToneCurve::then(Curve curve) {
  std::vector<uint16_t> step(table_.size());
  for (int v = 0; v <= max_; ++v)
    step[v] = static_cast<uint16_t>(std::clamp<int64_t>(curve(v), 0, max_));
  for (uint16_t& value : table_) value = step[value];
  if (histogram_.empty()) return;
  std::vector<int64_t> moved(histogram_.size());
  for (size_t v = 0; v < moved.size(); ++v) moved[step[v]] += histogram_[v];
  histogram_ = std::move(moved);
}

const std::vector<int64_t>& ToneCurve::histogram() {
  if (histogram_.empty()) {
    histogram_.resize(table_.size());
    image_.depth() == CV_16U ? count<uint16_t>(image_, table_, histogram_)
                             : count<uint8_t>(image_, table_, histogram_);
  }
  return histogram_;
}

void ToneCurve::brightness(double factor) {
  then([&](int v) { return blend(0, v, static_cast<float>(factor), max_); });
}

void ToneCurve::contrast(double factor) {
  const auto& counts = histogram();
  double sum = 0, n = 0;
  for (size_t v = 0; v < counts.size(); ++v) {
    sum += static_cast<double>(v) * static_cast<double>(counts[v]);
    n += static_cast<double>(counts[v]);
  }
  const int grey = n > 0 ? static_cast<int>(sum / n + .5) : 0;
  then([&](int v) { return blend(grey, v, static_cast<float>(factor), max_); });
}

void ToneCurve::posterize(int bits) {
  if (bits >= 8) return;
  const int depth = max_ == 255 ? 8 : 16;
  // Clears the low bits; on u16 the same number of high bits stays.
  const int mask = ~((1 << (depth - bits)) - 1);
  then([&](int v) { return v & mask; });
}

void ToneCurve::solarize(double threshold) {
  const int per_u8_step = max_ / 255;  // 1, or 257 for u16
  const double level = threshold * per_u8_step;
  then([&](int v) { return v < level ? v : max_ - v; });
}

void ToneCurve::solarize_add(double levels) {
  const int per_u8_step = max_ / 255;
  const int middle = 128 * per_u8_step;
  const auto more = static_cast<int64_t>(levels * per_u8_step);
  then([&](int v) { return v < middle ? v + more : v; });
}

void ToneCurve::invert() {
  then([&](int v) { return max_ - v; });
}

void ToneCurve::auto_contrast() {
  const auto& counts = histogram();
  const auto occurs = [](int64_t n) { return n > 0; };
  const auto low = std::find_if(counts.begin(), counts.end(), occurs) - counts.begin();
  const auto high = counts.rend() - std::find_if(counts.rbegin(), counts.rend(), occurs) - 1;
  if (high <= low) return;
  const double scale = static_cast<double>(max_) / static_cast<double>(high - low);
  const double offset = -static_cast<double>(low) * scale;
  // Product and sum are rounded separately and the result truncated, as in Pillow's Python code;
  // one fused multiply-add could round differently.
  then([&](int v) {
    const double stretched = v * scale;
    return static_cast<int64_t>(stretched + offset);
  });
}

void ToneCurve::equalize() {
  const auto& counts = histogram();
  const auto levels = std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; });
  if (levels <= 1) return;
  // As in Pillow: without the highest occurring level, which is to map to the maximum.
  const int64_t last =
      *std::find_if(counts.rbegin(), counts.rend(), [](int64_t n) { return n > 0; });
  const int64_t below_last = std::accumulate(counts.begin(), counts.end(), int64_t{0}) - last;
  std::vector<int64_t> spread(counts.size());
  if (max_ == 255) {
    const int64_t step = below_last / 255;
    if (step == 0) return;
    int64_t reached = step / 2;
    for (size_t v = 0; v < counts.size(); ++v) {
      spread[v] = reached / step;
      reached += counts[v];
    }
  } else {
    // Pillow's integer step would be 0 for a u16 image with fewer than 65,536 pixels, so multiply
    // before dividing.
    int64_t reached = 0;
    for (size_t v = 0; v < counts.size(); ++v) {
      spread[v] = reached * max_ / below_last;
      reached += counts[v];
    }
  }
  then([&](int v) { return spread[v]; });
}

void ToneCurve::gamma(double gamma) {
  then([&](int v) {
    return static_cast<int64_t>(max_ * std::pow(static_cast<double>(v) / max_, gamma) + .5);
  });
}

cv::Mat ToneCurve::apply() const {
  cv::Mat out(image_.size(), image_.type());
  image_.depth() == CV_16U ? apply_table<uint16_t>(image_, table_, out)
                           : apply_table<uint8_t>(image_, table_, out);
  return out;
}

cv::Mat sharpen(const cv::Mat& image, double factor) {
  if (image.rows < 3 || image.cols < 3) return image.clone();
  const auto share = static_cast<float>(factor);
  return image.depth() == CV_16U ? sharpen_as<uint16_t>(image, share)
                                 : sharpen_as<uint8_t>(image, share);
}

}  // namespace evenray
