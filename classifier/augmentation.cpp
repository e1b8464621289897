// SPDX-License-Identifier: Apache-2.0
#include "classifier/augmentation.hpp"

#include <torch/nn.h>

#include <cmath>
#include <numbers>

namespace evenray {

torch::Tensor augment_batch(const torch::Tensor& batch,
                            const ClassifyOptions& options,
                            const Rng& rng) {
  namespace F = torch::nn::functional;
  const int64_t count = batch.size(0);
  const double aspect = static_cast<double>(batch.size(3)) / static_cast<double>(batch.size(2));
  auto matrices = torch::empty({count, 2, 3}, torch::kFloat);
  auto levels = torch::empty({2, count, 1, 1, 1}, torch::kFloat);
  auto m = matrices.accessor<float, 3>();
  float* level = levels.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    Rng draw = rng.fork("augment", static_cast<uint64_t>(i));
    const double flip = options.mirror && draw.chance(.5) ? -1 : 1;
    const double angle =
        draw.uniform(-options.rotate_deg, options.rotate_deg) * std::numbers::pi / 180;
    const double size = 1 / draw.uniform(1 - options.scale, 1 + options.scale);
    // affine_grid measures positions in half sides, which differ between height and width. The
    // terms of a rotation that mix both are therefore scaled by the aspect ratio.
    m[i][0][0] = static_cast<float>(flip * size * std::cos(angle));
    m[i][0][1] = static_cast<float>(-size * std::sin(angle) / aspect);
    m[i][0][2] = static_cast<float>(2 * draw.uniform(-options.shift, options.shift));
    m[i][1][0] = static_cast<float>(flip * size * std::sin(angle) * aspect);
    m[i][1][1] = static_cast<float>(size * std::cos(angle));
    m[i][1][2] = static_cast<float>(2 * draw.uniform(-options.shift, options.shift));
    level[i] = static_cast<float>(draw.uniform(-options.intensity, options.intensity));
    level[count + i] = static_cast<float>(1 + draw.uniform(-options.intensity, options.intensity));
  }
  const auto grid =
      F::affine_grid(matrices.to(batch.device()), batch.sizes(), /*align_corners=*/false);
  const auto moved = F::grid_sample(batch,
                                    grid,
                                    F::GridSampleFuncOptions()
                                        .mode(torch::kBilinear)
                                        .padding_mode(torch::kBorder)
                                        .align_corners(false));
  levels = levels.to(batch.device());
  return (moved * levels[1] + levels[0]).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace evenray
