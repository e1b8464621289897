// SPDX-License-Identifier: Apache-2.0
#include "lesion/texture.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

constexpr double kClearDirection = .3;

/// The difference of two directions, 0..90: opposite directions are one.
double turn_deg(double a, double b) {
  const double turn = std::fmod(std::abs(a - b), 180.);
  return std::min(turn, 180 - turn);
}

}  // namespace

Scene::Scene(const cv::Mat& image, int value_max) {
  image.convertTo(grey, CV_64F, 1. / value_max);
  cv::Mat single;
  image.convertTo(single, CV_32F, 1. / value_max);
  cv::GaussianBlur(single, smooth, {7, 7}, 1, 1, cv::BORDER_REPLICATE);
  cv::integral(smooth, sums, CV_64F);
  cv::Sobel(smooth, across, CV_32F, 1, 0, 1, .5, 0, cv::BORDER_REPLICATE);
  cv::Sobel(smooth, down, CV_32F, 0, 1, 1, .5, 0, cv::BORDER_REPLICATE);
}

Texture texture_of(const Scene& scene, const cv::Rect& area, const cv::Mat& where) {
  double sum = 0, squares = 0, xx = 0, yy = 0, xy = 0;
  int64_t pixels = 0;
  for (int y = 0; y < area.height; ++y) {
    const auto* chosen = where.ptr<uint8_t>(y);
    const auto* grey = scene.smooth.ptr<float>(area.y + y) + area.x;
    const auto* gx = scene.across.ptr<float>(area.y + y) + area.x;
    const auto* gy = scene.down.ptr<float>(area.y + y) + area.x;
    for (int x = 0; x < area.width; ++x) {
      if (!chosen[x]) continue;
      ++pixels;
      sum += grey[x];
      squares += double{grey[x]} * grey[x];
      xx += double{gx[x]} * gx[x];
      yy += double{gy[x]} * gy[x];
      xy += double{gx[x]} * gy[x];
    }
  }
  Texture out;
  if (pixels == 0) return out;
  const auto n = static_cast<double>(pixels);
  out.mean = sum / n;
  out.spread = std::sqrt(std::max(0., squares / n - out.mean * out.mean));
  out.gradient = std::sqrt((xx + yy) / n);
  out.angle_deg = .5 * std::atan2(2 * xy, xx - yy) * 180 / CV_PI;
  if (xx + yy > 0) out.coherence = std::hypot(xx - yy, 2 * xy) / (xx + yy);
  return out;
}

bool alike_values(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

bool alike(const Texture& a, const Texture& b, const Likeness& bounds) {
  const bool directed = std::min(a.coherence, b.coherence) > kClearDirection;
  return alike_values(a.mean, b.mean, bounds.tolerance) &&
         alike_values(a.gradient, b.gradient, bounds.tolerance) &&
         (!directed || turn_deg(a.angle_deg, b.angle_deg) <= bounds.angle_deg);
}

double mean_in(const Scene& scene, const cv::Rect& area) {
  const auto sum = [&](int y, int x) { return scene.sums.at<double>(y, x); };
  const int right = area.x + area.width, bottom = area.y + area.height;
  return (sum(bottom, right) - sum(area.y, right) - sum(bottom, area.x) + sum(area.y, area.x)) /
         area.area();
}

double correlation(const Scene& a, const cv::Rect& in_a, const Scene& b, const cv::Rect& in_b) {
  const double n = in_a.area();
  double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (int y = 0; y < in_a.height; ++y) {
    const auto* p = a.smooth.ptr<float>(in_a.y + y) + in_a.x;
    const auto* q = b.smooth.ptr<float>(in_b.y + y) + in_b.x;
    for (int x = 0; x < in_a.width; ++x) {
      const double u = p[x], v = q[x];
      sa += u, sb += v, aa += u * u, bb += v * v, ab += u * v;
    }
  }
  const double spread = (n * aa - sa * sa) * (n * bb - sb * sb);
  return spread > 1e-12 ? (n * ab - sa * sb) / std::sqrt(spread) : 0;
}

double noise_level(const cv::Mat& image, const cv::Mat& where) {
  double sum = 0;
  int64_t pixels = 0;
  for (int y = 1; y + 1 < image.rows; ++y) {
    const auto *above = image.ptr<double>(y - 1), *here = image.ptr<double>(y),
               *below = image.ptr<double>(y + 1);
    for (int x = 1; x + 1 < image.cols; ++x) {
      if (!where.at<uint8_t>(y, x)) continue;
      ++pixels;
      sum += std::abs(above[x - 1] - 2 * above[x] + above[x + 1] - 2 * here[x - 1] + 4 * here[x] -
                      2 * here[x + 1] + below[x - 1] - 2 * below[x] + below[x + 1]);
    }
  }
  return pixels == 0 ? 0 : std::sqrt(CV_PI / 2) * sum / (6 * static_cast<double>(pixels));
}

}  // namespace evenray
