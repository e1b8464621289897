// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/alignment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "core/vectors.hpp"

namespace evenray {
namespace {

/// The sizes (long side) at which pictures are compared, the details that are compared, and the
/// steps there.
struct Level {
  int size_px;
  double fine_px, coarse_px;
  int spacing, steps;
  /// How much further steps can still add after none, one and two of them.
  std::array<double, 3> further_gain;

  /// The scale that brings the larger of two pictures to this size; a picture is never enlarged.
  double scale(const cv::Mat& a, const cv::Mat& b) const {
    const int longest = std::max({a.cols, a.rows, b.cols, b.rows});
    return std::min(1., static_cast<double>(size_px) / longest);
  }
};
/// Of 2,851 thumbnails of altered copies, 99 % gain less than these; details gain more.
constexpr Level kThumbnail{64, .7, 4, 1, 3, {.24, .08, .02}};
constexpr std::array kLevels{Level{128, .7, 3, 2, 3, {2, 2, .2}},
                             Level{256, 1, 3, 3, 2, {2, 2, 0}}};
constexpr double kLargerScale = 1.25;
/// How much the agreement can still rise at the next size.
constexpr double kFinerGain = .02;
constexpr int kBorderPx = 3;
constexpr double kFewestPixels = 100;
constexpr double kLeastGain = .05;
/// Keeps the noise of an empty background from being raised to the level of structure.
constexpr double kContrastFloor = 1;

/// Returns the structure between two widths (standard deviations in px), with its local contrast
/// evened out. CV_32F.
cv::Mat details(const cv::Mat& grey, double fine_px, double coarse_px) {
  cv::Mat whole, fine, coarse, contrast;
  grey.convertTo(whole, CV_32F);
  cv::GaussianBlur(whole, fine, {0, 0}, fine_px);
  cv::GaussianBlur(whole, coarse, {0, 0}, coarse_px);
  const cv::Mat band = fine - coarse;
  // A box of this width has the standard deviation 2 * coarse_px.
  const int width = static_cast<int>(std::lround(std::sqrt(48.) * coarse_px)) | 1;
  cv::blur(band.mul(band), contrast, {width, width});
  contrast = cv::max(contrast, 0);  // its running sums may round below zero
  cv::sqrt(contrast, contrast);
  return band / (contrast + kContrastFloor);
}

/// Takes px of a picture to px of the same picture at another size; pixel centres are at whole
/// numbers.
cv::Matx33d resizing(double scale_x, double scale_y) {
  return {scale_x, 0, .5 * scale_x - .5, 0, scale_y, .5 * scale_y - .5, 0, 0, 1};
}

/// Sums of products over the pixels where b has a counterpart in a: of the eight quantities that
/// b is fitted with (see compare()), and of b itself.
struct Overlap {
  static constexpr int kOfA = 6, kOne = 7, kOfB = 8, kQuantities = 9;
  cv::Matx<double, kQuantities, kQuantities> sums;

  double correlation() const {
    const double n = sums(kOne, kOne), a = sums(kOfA, kOne), b = sums(kOfB, kOne);
    if (n < kFewestPixels) return -1;
    const double of_a = sums(kOfA, kOfA) - a * a / n, of_b = sums(kOfB, kOfB) - b * b / n;
    if (of_a <= 0 || of_b <= 0) return -1;
    return (sums(kOfB, kOfA) - a * b / n) / std::sqrt(of_a * of_b);
  }
};

/// The quantities of the pixels of one row. The number of pixels is a multiple of kLanes, so that
/// the compiler can vectorize what is done with them.
constexpr size_t kLanes = 16, kMostPixels = kLevels.back().size_px;
using Pixels = std::array<std::array<float, kMostPixels>, Overlap::kQuantities>;

EVENRAY_WIDER_VECTORS
float product_sum(const float* a, const float* b, size_t n) {
  std::array<float, kLanes> sums{};
  for (size_t k = 0; k < n; k += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[k + lane] * b[k + lane];
  return std::accumulate(sums.begin(), sums.end(), 0.f);
}

/// Compares b with a, moved by `a_from_b`, and fills the normal equations of the step that brings
/// them nearer: b = gain * a(x + step(x)) + offset, to first order. Coordinates are relative to the
/// middle of b, in half widths, to keep the equations well conditioned.
/// Every `spacing`-th row and column is looked at.
Overlap compare(const cv::Mat& a, const cv::Mat& b, const cv::Matx33d& a_from_b, int spacing) {
  cv::Mat moved, gradient_x, gradient_y;
  cv::warpAffine(a,
                 moved,
                 cv::Mat(a_from_b).rowRange(0, 2),
                 b.size(),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  cv::Sobel(moved, gradient_x, CV_32F, 1, 0, 3, 1 / 8.);
  cv::Sobel(moved, gradient_y, CV_32F, 0, 1, 3, 1 / 8.);
  const double half = b.cols / 2.;
  Pixels pixels;
  Overlap overlap;
  for (int y = kBorderPx; y < b.rows - kBorderPx; y += spacing) {
    const float *of_a = moved.ptr<float>(y), *of_b = b.ptr<float>(y);
    const float *along_x = gradient_x.ptr<float>(y), *along_y = gradient_y.ptr<float>(y);
    const auto v = static_cast<float>((y - b.rows / 2.) / half);
    size_t n = 0;
    for (int x = kBorderPx; x < b.cols - kBorderPx; x += spacing) {
      const double at_x = a_from_b(0, 0) * x + a_from_b(0, 1) * y + a_from_b(0, 2);
      const double at_y = a_from_b(1, 0) * x + a_from_b(1, 1) * y + a_from_b(1, 2);
      if (at_x < kBorderPx || at_y < kBorderPx || at_x > a.cols - 1 - kBorderPx ||
          at_y > a.rows - 1 - kBorderPx)
        continue;
      const auto u = static_cast<float>((x - half) / half);
      const float gx = along_x[x], gy = along_y[x];
      const float row[] = {gx * u, gx * v, gx, gy * u, gy * v, gy, of_a[x], 1, of_b[x]};
      for (size_t i = 0; i < pixels.size(); ++i) pixels[i][n] = row[i];
      ++n;
    }
    for (; n % kLanes != 0; ++n)
      for (auto& quantity : pixels) quantity[n] = 0;
    for (size_t i = 0; i < pixels.size(); ++i)
      for (size_t j = 0; j <= i; ++j)
        overlap.sums(static_cast<int>(i), static_cast<int>(j)) +=
            product_sum(pixels[i].data(), pixels[j].data(), n);
  }
  cv::completeSymm(overlap.sums, true);
  return overlap;
}

/// Refines `a_from_b` step by step. Returns the best correlation that was seen. Stops early if this
/// cannot reach `least`.
double refine(
    const cv::Mat& a, const cv::Mat& b, cv::Matx33d& a_from_b, const Level& level, double least) {
  cv::Matx33d best = a_from_b;
  double highest = -1;
  for (size_t step = 0; step <= static_cast<size_t>(level.steps); ++step) {
    const Overlap overlap = compare(a, b, a_from_b, level.spacing);
    const double correlation = overlap.correlation();
    if (correlation > highest) {
      highest = correlation;
      best = a_from_b;
    }
    if (correlation <= -1 || step == static_cast<size_t>(level.steps)) break;
    if (step < level.further_gain.size() && highest < least - level.further_gain[step]) break;
    auto normal = overlap.sums.get_minor<8, 8>(0, 0);
    for (int i = 0; i < 8; ++i) normal(i, i) *= 1 + 1e-4;
    cv::Vec<double, 8> solved;
    if (!cv::solve(normal, overlap.sums.get_minor<8, 1>(0, 8), solved, cv::DECOMP_CHOLESKY)) break;
    const double gain = solved[6], half = b.cols / 2., middle_y = b.rows / 2.;
    if (gain < kLeastGain) break;
    solved *= 1 / gain;
    const double xx = solved[0] / half, xy = solved[1] / half;
    const double yx = solved[3] / half, yy = solved[4] / half;
    a_from_b = a_from_b * cv::Matx33d(1 + xx,
                                      xy,
                                      solved[2] - xx * half - xy * middle_y,
                                      yx,
                                      1 + yy,
                                      solved[5] - yx * half - yy * middle_y,
                                      0,
                                      0,
                                      1);
  }
  a_from_b = best;
  return highest;
}

cv::Mat upright(const cv::Mat& a, const Alignment& alignment) {
  if (!alignment.mirrored) return a;
  cv::Mat mirrored;
  cv::flip(a, mirrored, 1);
  return mirrored;
}

cv::Mat details_at(const Level& level, const cv::Mat& picture, double scale) {
  cv::Mat small;
  cv::resize(picture, small, {}, scale, scale, cv::INTER_AREA);
  return details(small, level.fine_px, level.coarse_px);
}

/// Refines the alignment of two reduced pictures at one size.
double refine_at(
    const Level& level, const cv::Mat& a, const cv::Mat& b, Alignment& alignment, double least) {
  const double scale = level.scale(a, b);
  const cv::Matx33d shrink = resizing(scale, scale);
  cv::Matx33d map = shrink * alignment.b_from_a.inv() * shrink.inv();
  const double agreement = refine(details_at(level, upright(a, alignment), scale),
                                  details_at(level, b, scale),
                                  map,
                                  level,
                                  least);
  alignment.b_from_a = shrink.inv() * map.inv() * shrink;
  return agreement;
}

}  // namespace

double align_thumbnails(const cv::Mat& a,
                        const Landmarks& of_a,
                        const cv::Mat& b,
                        const Landmarks& of_b,
                        Alignment& alignment,
                        double least) {
  const auto shrinking = [](const cv::Mat& thumbnail, const Landmarks& picture) {
    return resizing(static_cast<double>(thumbnail.cols) / picture.width,
                    static_cast<double>(thumbnail.rows) / picture.height);
  };
  const cv::Matx33d shrink_a = shrinking(a, of_a), shrink_b = shrinking(b, of_b);
  const auto& level = kThumbnail;
  cv::Matx33d map = shrink_a * alignment.b_from_a.inv() * shrink_b.inv();
  const double agreement = refine(details(upright(a, alignment), level.fine_px, level.coarse_px),
                                  details(b, level.fine_px, level.coarse_px),
                                  map,
                                  level,
                                  least);
  alignment.b_from_a = shrink_b.inv() * map.inv() * shrink_a;
  return agreement;
}

double compare_aligned(const cv::Mat& a, const cv::Mat& b, Alignment alignment, double least) {
  double agreement = -1, last_scale = 0;
  for (const auto& level : kLevels) {
    // Of pictures that are hardly larger than the last size there is no more to see.
    if (level.scale(a, b) < kLargerScale * last_scale) break;
    last_scale = level.scale(a, b);
    agreement = refine_at(level, a, b, alignment, least);
    if (agreement < least - kFinerGain) break;
  }
  return agreement;
}

Alignment search_alignment(const cv::Mat& a, const cv::Mat& b) {
  constexpr int kTurns = 24;
  const double scale = kThumbnail.scale(a, b);
  const cv::Matx33d shrink = resizing(scale, scale);
  const cv::Mat of_b = details_at(kThumbnail, b, scale);
  Alignment best;
  double highest = -2;
  for (const bool mirrored : {false, true}) {
    const cv::Mat of_a = details_at(kThumbnail, upright(a, {{}, mirrored, 0}), scale);
    for (int turn = 0; turn < kTurns; ++turn) {
      const double angle = 2 * std::numbers::pi * turn / kTurns;
      const double c = std::cos(angle), s = std::sin(angle);
      const double ax = a.cols / 2., ay = a.rows / 2., bx = b.cols / 2., by = b.rows / 2.;
      const cv::Matx33d a_from_b(c, -s, ax - c * bx + s * by, s, c, ay - s * bx - c * by, 0, 0, 1);
      cv::Matx33d small = shrink * a_from_b * shrink.inv();
      const double agreement = refine(of_a, of_b, small, kThumbnail, -1);
      if (agreement <= highest) continue;
      highest = agreement;
      best = {(shrink.inv() * small * shrink).inv(), mirrored, 0};
    }
  }
  return best;
}

}  // namespace evenray
