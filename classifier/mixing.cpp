// SPDX-License-Identifier: Apache-2.0
#include "classifier/mixing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/loader.hpp"

namespace evenray {
namespace {

/// A rectangle with this share of the area, clipped by the image's border.
struct Cut {
  int64_t x0, y0, x1, y1;
};
Cut draw_cut(int64_t height, int64_t width, double area, Rng& rng) {
  const auto range = [&](int64_t size) {
    const double half = std::sqrt(area) * static_cast<double>(size) / 2;
    const double middle = rng.uniform(0, static_cast<double>(size));
    const auto px = [&](double at) { return std::clamp<int64_t>(std::lround(at), 0, size); };
    return std::pair{px(middle - half), px(middle + half)};
  };
  const auto [x0, x1] = range(width);
  const auto [y0, y1] = range(height);
  return {x0, y0, x1, y1};
}

}  // namespace

double draw_beta(double a, Rng& rng) {
  for (;;) {
    const double x = std::pow(rng.uniform(), 1 / a), y = std::pow(rng.uniform(), 1 / a);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

Mix draw_mix(const Batch& batch, const ClassifyOptions& options, const Rng& rng) {
  if (options.mixup <= 0 && options.cutmix <= 0) return {.images = batch.images};
  Rng stream = rng;
  const bool cut = options.cutmix > 0 && (options.mixup <= 0 || stream.chance(.5));
  std::vector<int64_t> others(static_cast<size_t>(batch.images.size(0)));
  std::iota(others.begin(), others.end(), int64_t{0});
  stream.shuffle(others);
  const auto index = index_tensor(others, batch.images.device());
  Mix mix{.images = {},
          .share = draw_beta(cut ? options.cutmix : options.mixup, stream),
          .labels = batch.labels.index_select(0, index),
          .weights = batch.weights.index_select(0, index)};
  const auto other = batch.images.index_select(0, index);
  if (!cut) {
    const auto mean =
        batch.images.to(torch::kFloat) * mix.share + other.to(torch::kFloat) * (1 - mix.share);
    mix.images = batch.images.is_floating_point() ? mean : mean.round().to(torch::kByte);
    return mix;
  }
  const int64_t height = other.size(2), width = other.size(3);
  const Cut at = draw_cut(height, width, 1 - mix.share, stream);
  mix.images = batch.images.clone();
  const auto part = [&](const torch::Tensor& of) {
    return of.slice(2, at.y0, at.y1).slice(3, at.x0, at.x1);
  };
  part(mix.images).copy_(part(other));
  mix.share = 1 - static_cast<double>((at.x1 - at.x0) * (at.y1 - at.y0)) /
                      static_cast<double>(height * width);
  return mix;
}

}  // namespace evenray
