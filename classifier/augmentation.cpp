// SPDX-License-Identifier: Apache-2.0
#include "classifier/augmentation.hpp"

#include <torch/nn.h>

#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>

#include "augment/pipeline.hpp"
#include "core/parallel.hpp"
#include "nn/loader.hpp"

namespace evenray {

torch::Tensor augment_with_policy(const torch::Tensor& images,
                                  const ClassifyOptions& options,
                                  int threads,
                                  const Rng& rng) {
  if (options.policy == "none") return images;
  const Policy policy = find_policy(options.policy);
  const auto before = images.cpu().contiguous();
  auto after = torch::empty_like(before);
  const int height = static_cast<int>(before.size(2)), width = static_cast<int>(before.size(3));
  const bool wide = before.is_floating_point();
  const auto image_bytes = static_cast<size_t>(before.element_size()) * height * width;
  auto* from = static_cast<uint8_t*>(before.data_ptr());
  auto* to = static_cast<uint8_t*>(after.data_ptr());
  parallel_for(static_cast<size_t>(before.size(0)), threads, [&](size_t i) {
    const int type = wide ? CV_32FC1 : CV_8UC1;
    cv::Mat image(height, width, type, from + i * image_bytes);
    cv::Mat slot(height, width, type, to + i * image_bytes);
    if (wide) {
      cv::Mat narrow;
      image.convertTo(narrow, CV_16U);
      image = narrow;
    }
    const auto result = apply_policy(policy, image, {}, rng.fork("image", i));
    result.augmented.image.convertTo(slot, type);
  });
  return to_device(after, images.device());
}

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
