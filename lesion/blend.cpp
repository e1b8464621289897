// SPDX-License-Identifier: Apache-2.0
#include "lesion/blend.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "lesion/harmonic.hpp"

namespace evenray {
namespace {

constexpr double kCoarsePart = .1;

/// Returns what replaces the target's patch where alpha and mix are 1.
cv::Mat blended(const Cut& cut, const cv::Mat& patch, const cv::Mat& ground, Blend blend) {
  if (blend == Blend::poisson) return poisson_copy(patch, ground);
  if (blend == Blend::feather) return patch;
  cv::Mat out = ground.clone();
  cv::Mat inner = out(cut.lesion);
  const cv::Mat rest = residual(patch(cut.lesion).clone());
  // A bone that crosses the area is brighter than the interpolation. The target has a bone of its
  // own, so only the fine part is added.
  cv::Mat coarse;
  const double sigma_px = std::max(1., kCoarsePart * std::max(rest.cols, rest.rows));
  cv::GaussianBlur(rest, coarse, {}, sigma_px, sigma_px, cv::BORDER_REPLICATE);
  inner += rest - coarse;
  return out;
}

}  // namespace

cv::Mat paste(const Cut& cut, const Scene& target, const cv::Rect& area, Paste& how, Rng rng) {
  const Texture there = texture_of(target, area, cut.ring);
  how.gain = cut.texture.spread > 0 ? std::clamp(there.spread / cut.texture.spread, .5, 2.) : 1;
  const cv::Mat from = cut.scene->grey(cut.area);
  const cv::Mat patch = (from - cut.texture.mean) * how.gain + there.mean;
  const cv::Mat ground = target.grey(area);
  const double wanted = noise_level(ground, cut.ring), has = noise_level(patch, cut.ring);
  how.grain =
      how.blend == Blend::residual ? 0 : std::sqrt(std::max(0., wanted * wanted - has * has));
  cv::Mat change = blended(cut, patch, ground, how.blend) - ground;
  if (how.grain > 0)
    for (int y = 0; y < change.rows; ++y)
      for (int x = 0; x < change.cols; ++x) change.at<double>(y, x) += how.grain * rng.normal();
  cv::Mat out = target.grey.clone();
  cv::Mat inner = out(area);
  inner += cut.alpha.mul(change) * how.mix;
  return cv::max(cv::min(out, 1.), 0.);
}

cv::Mat quantised(const cv::Mat& image, int value_max) {
  cv::Mat out;
  image.convertTo(out, value_max > 255 ? CV_16U : CV_8U, value_max);
  return out;
}

}  // namespace evenray
