// SPDX-License-Identifier: Apache-2.0
#include "gan/spectrum.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kLeastSide = 8;
/// Far below the power of rounding to 16 bits; keeps the logarithm finite.
constexpr double kLeastPower = 1e-12;

/// A Hann window that is 0 half a pixel outside both ends, so no pixel has weight 0.
std::vector<double> hann(int length) {
  std::vector<double> out;
  for (int i = 0; i < length; ++i)
    out.push_back(.5 - .5 * std::cos(2 * std::numbers::pi * (i + .5) / length));
  return out;
}

/// The window and rings for images of one size.
class Rings {
 public:
  explicit Rings(cv::Size size) : size_(size), count_(std::min(size.width, size.height) / 2) {
    const auto down = hann(size.height), across = hann(size.width);
    window_.create(size, CV_64F);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        window_.at<double>(y, x) = down[static_cast<size_t>(y)] * across[static_cast<size_t>(x)];
    sum_ = cv::sum(window_)[0];
    energy_ = window_.dot(window_);
  }

  int count() const { return count_; }
  double frequency(int ring) const { return (ring + 1.) / std::min(size_.width, size_.height); }

  /// Returns the mean power of one image in each ring.
  std::vector<double> power(const cv::Mat& image) const {
    cv::Mat signal, spectrum;
    image.convertTo(signal, CV_64F, image.depth() == CV_8U ? 1 / 255. : 1 / 65535.);
    // The mean is weighted by the window; a plain mean would leave a rest that leaks into the
    // lowest ring.
    signal -= signal.dot(window_) / sum_;
    signal = signal.mul(window_);
    cv::dft(signal, spectrum, cv::DFT_COMPLEX_OUTPUT);
    std::vector<double> out(static_cast<size_t>(count_)), points(out.size());
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        const int ring = ring_of(y, x);
        if (ring < 0 || ring >= count_) continue;
        const auto& value = spectrum.at<cv::Vec2d>(y, x);
        out[static_cast<size_t>(ring)] += value[0] * value[0] + value[1] * value[1];
        ++points[static_cast<size_t>(ring)];
      }
    }
    // Divided by the window's energy, so that the power of white noise is its variance.
    for (size_t i = 0; i < out.size(); ++i) out[i] /= points[i] * energy_;
    return out;
  }

 private:
  /// Returns the ring of a frequency; -1 for the mean, count() or more for the corners.
  int ring_of(int y, int x) const {
    const double fy = std::min(y, size_.height - y) / double(size_.height),
                 fx = std::min(x, size_.width - x) / double(size_.width);
    const double at = std::hypot(fy, fx) * std::min(size_.width, size_.height);
    return static_cast<int>(std::lround(at)) - 1;
  }

  cv::Size size_;
  int count_;
  cv::Mat window_;
  double sum_ = 0, energy_ = 0;
};

}  // namespace

Spectrum radial_spectrum(const std::vector<cv::Mat>& images) {
  check(!images.empty(), Exit::bad_data, "the power spectrum requires at least one image");
  const cv::Size size = images[0].size();
  for (const auto& image : images)
    check(image.size() == size,
          Exit::bad_data,
          "the power spectrum requires images of one size, but these have different sizes");
  check(std::min(size.width, size.height) >= kLeastSide,
        Exit::bad_data,
        cat("the power spectrum requires images with sides of at least ",
            kLeastSide,
            " px, but these have ",
            size.height,
            "x",
            size.width,
            " px"));
  const Rings rings(size);
  std::vector<std::vector<double>> powers(images.size());
  parallel_for(
      images.size(), at::get_num_threads(), [&](size_t i) { powers[i] = rings.power(images[i]); });
  Spectrum out;
  for (int ring = 0; ring < rings.count(); ++ring) {
    double sum = 0;
    for (const auto& power : powers) sum += power[static_cast<size_t>(ring)];
    out.frequency.push_back(rings.frequency(ring));
    out.log_power.push_back(
        std::log10(std::max(kLeastPower, sum / static_cast<double>(images.size()))));
  }
  return out;
}

}  // namespace evenray
