// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/alignment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

/// The sizes (long side) at which pictures are compared, the details that are compared, and the
/// steps there.
struct Level {
  int size_px;
  double fine_px, coarse_px;
  int spacing, steps;

  /// The scale that brings the larger of two pictures to this size; a picture is never enlarged.
  double scale(const cv::Mat& a, const cv::Mat& b) const {
    const int longest = std::max({a.cols, a.rows, b.cols, b.rows});
    return std::min(1., static_cast<double>(size_px) / longest);
  }
};
constexpr std::array kLevels{
    Level{64, .7, 4, 1, 6}, Level{128, .7, 3, 2, 3}, Level{256, 1, 3, 3, 2}};
constexpr int kBorderPx = 3;
constexpr double kFewestPixels = 100;
constexpr double kLeastGain = .05;
/// A pair that agrees less after two steps will not agree after more.
constexpr int kStepsOfGrace = 2;
constexpr double kHopeless = .6;
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
  cv::GaussianBlur(band.mul(band), contrast, {0, 0}, 2 * coarse_px);
  cv::sqrt(contrast, contrast);
  return band / (contrast + kContrastFloor);
}

/// Takes px of a picture to px of the same picture at another size; pixel centres are at whole
/// numbers.
cv::Matx33d resizing(double scale_x, double scale_y) {
  return {scale_x, 0, .5 * scale_x - .5, 0, scale_y, .5 * scale_y - .5, 0, 0, 1};
}

/// Sums over the pixels where b has a counterpart in a.
struct Overlap {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  cv::Matx<double, 8, 8> normal = cv::Matx<double, 8, 8>::zeros();
  cv::Vec<double, 8> right = cv::Vec<double, 8>::all(0);

  double correlation() const {
    const double of_a = aa - a * a / n, of_b = bb - b * b / n;
    if (n < kFewestPixels || of_a <= 0 || of_b <= 0) return -1;
    return (ab - a * b / n) / std::sqrt(of_a * of_b);
  }
};

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
  Overlap sums;
  for (int y = kBorderPx; y < b.rows - kBorderPx; y += spacing) {
    for (int x = kBorderPx; x < b.cols - kBorderPx; x += spacing) {
      const double at_x = a_from_b(0, 0) * x + a_from_b(0, 1) * y + a_from_b(0, 2);
      const double at_y = a_from_b(1, 0) * x + a_from_b(1, 1) * y + a_from_b(1, 2);
      if (at_x < kBorderPx || at_y < kBorderPx || at_x > a.cols - 1 - kBorderPx ||
          at_y > a.rows - 1 - kBorderPx)
        continue;
      const double of_a = moved.at<float>(y, x), of_b = b.at<float>(y, x);
      sums.n += 1;
      sums.a += of_a;
      sums.b += of_b;
      sums.aa += of_a * of_a;
      sums.bb += of_b * of_b;
      sums.ab += of_a * of_b;
      const double u = (x - half) / half, v = (y - b.rows / 2.) / half;
      const double gx = gradient_x.at<float>(y, x), gy = gradient_y.at<float>(y, x);
      const double row[8] = {gx * u, gx * v, gx, gy * u, gy * v, gy, of_a, 1};
      for (int i = 0; i < 8; ++i) {
        for (int j = 0; j < 8; ++j) sums.normal.val[8 * i + j] += row[i] * row[j];
        sums.right.val[i] += row[i] * of_b;
      }
    }
  }
  return sums;
}

/// Refines `a_from_b` step by step. Returns the best correlation that was seen.
double refine(const cv::Mat& a, const cv::Mat& b, cv::Matx33d& a_from_b, const Level& level) {
  cv::Matx33d best = a_from_b;
  double highest = -1;
  for (int step = 0; step <= level.steps; ++step) {
    Overlap sums = compare(a, b, a_from_b, level.spacing);
    const double correlation = sums.correlation();
    if (correlation > highest) {
      highest = correlation;
      best = a_from_b;
    }
    if (correlation <= -1 || step == level.steps) break;
    if (step >= kStepsOfGrace && highest < kHopeless) break;
    for (int i = 0; i < 8; ++i) {
      sums.normal(i, i) *= 1 + 1e-4;
    }
    cv::Vec<double, 8> solved;
    if (!cv::solve(sums.normal, sums.right, solved, cv::DECOMP_CHOLESKY)) break;
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

}  // namespace

double compare_aligned(const cv::Mat& a,
                       const cv::Mat& b,
                       const Alignment& alignment,
                       double least) {
  const cv::Mat picture = upright(a, alignment);
  cv::Matx33d map = alignment.b_from_a.inv();  // of the whole pictures
  double agreement = -1;
  double last_scale = 0;
  for (const auto& level : kLevels) {
    const double scale = level.scale(a, b);
    if (scale == last_scale) break;
    last_scale = scale;
    cv::Mat small_a, small_b;
    cv::resize(picture, small_a, {}, scale, scale, cv::INTER_AREA);
    cv::resize(b, small_b, {}, scale, scale, cv::INTER_AREA);
    const cv::Matx33d shrink = resizing(scale, scale);
    cv::Matx33d small = shrink * map * shrink.inv();
    agreement = refine(details(small_a, level.fine_px, level.coarse_px),
                       details(small_b, level.fine_px, level.coarse_px),
                       small,
                       level);
    if (agreement < least) break;
    map = shrink.inv() * small * shrink;
  }
  return agreement;
}

double compare_thumbnails(const cv::Mat& a,
                          const Landmarks& of_a,
                          const cv::Mat& b,
                          const Landmarks& of_b,
                          const Alignment& alignment) {
  const auto shrink = [](const cv::Mat& thumbnail, const Landmarks& picture) {
    return resizing(static_cast<double>(thumbnail.cols) / picture.width,
                    static_cast<double>(thumbnail.rows) / picture.height);
  };
  cv::Matx33d map = shrink(a, of_a) * alignment.b_from_a.inv() * shrink(b, of_b).inv();
  const auto& level = kLevels[0];
  return refine(details(upright(a, alignment), level.fine_px, level.coarse_px),
                details(b, level.fine_px, level.coarse_px),
                map,
                level);
}

Alignment search_alignment(const cv::Mat& a, const cv::Mat& b) {
  constexpr int kTurns = 24;
  Level level = kLevels[0];
  level.steps = kStepsOfGrace;
  const double scale = level.scale(a, b);
  const cv::Matx33d shrink = resizing(scale, scale);
  const auto details_of = [&](const cv::Mat& picture) {
    cv::Mat small;
    cv::resize(picture, small, {}, scale, scale, cv::INTER_AREA);
    return details(small, level.fine_px, level.coarse_px);
  };
  const cv::Mat of_b = details_of(b);
  Alignment best;
  double highest = -2;
  for (const bool mirrored : {false, true}) {
    const cv::Mat of_a = details_of(upright(a, {{}, mirrored, 0}));
    for (int turn = 0; turn < kTurns; ++turn) {
      const double angle = 2 * std::numbers::pi * turn / kTurns;
      const double c = std::cos(angle), s = std::sin(angle);
      const double ax = a.cols / 2., ay = a.rows / 2., bx = b.cols / 2., by = b.rows / 2.;
      const cv::Matx33d a_from_b(c, -s, ax - c * bx + s * by, s, c, ay - s * bx - c * by, 0, 0, 1);
      cv::Matx33d small = shrink * a_from_b * shrink.inv();
      const double agreement = refine(of_a, of_b, small, level);
      if (agreement <= highest) continue;
      highest = agreement;
      best = {(shrink.inv() * small * shrink).inv(), mirrored, 0};
    }
  }
  return best;
}

}  // namespace evenray
