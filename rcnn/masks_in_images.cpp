// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "rcnn/mask_head.hpp"

namespace evenray {
namespace {

/// Returns the pixels in all polygons of a box; nullopt if none can be drawn.
std::optional<Mask> drawn_rings(const Box& box, int64_t height, int64_t width) {
  std::optional<Mask> all;
  for (const auto& ring : box.rings) {
    std::vector<double> numbers;
    for (const auto& point : ring) numbers.insert(numbers.end(), {point.x, point.y});
    try {
      const Mask one = Mask::polygon(height, width, numbers);
      all = all ? all->united(one) : one;
    } catch (const Error&) {
      continue;
    }
  }
  return all;
}

void fill_runs(const Mask& mask, torch::Tensor target) {
  auto pixels = target.accessor<float, 2>();
  int64_t at = 0;
  bool object = false;
  for (const uint32_t run : mask.runs()) {
    for (int64_t end = at + run; at < end; ++at)
      if (object) pixels[at % mask.height()][at / mask.height()] = 1;
    object = !object;
  }
}

}  // namespace

torch::Tensor true_masks(const std::vector<Box>& boxes,
                         const torch::Tensor& which,
                         int64_t height,
                         int64_t width) {
  std::vector<const Box*> kept;
  for (const Box& box : boxes)
    if (box.x1 > box.x0 && box.y1 > box.y0) kept.push_back(&box);
  auto masks = torch::zeros({which.numel(), height, width});
  const auto index = which.accessor<int64_t, 1>();
  for (int64_t i = 0; i < which.numel(); ++i) {
    const Box& box = *kept.at(static_cast<size_t>(index[i]));
    if (const auto rings = drawn_rings(box, height, width)) {
      fill_runs(*rings, masks[i]);
      continue;
    }
    const auto edge = [](float value, int64_t side) {
      return std::clamp<int64_t>(std::llround(value), 0, side);
    };
    masks[i]
        .slice(0, edge(box.y0, height), edge(box.y1, height))
        .slice(1, edge(box.x0, width), edge(box.x1, width))
        .fill_(1);
  }
  return masks;
}

torch::Tensor pasted_mask(const torch::Tensor& mask,
                          const torch::Tensor& box,
                          int64_t height,
                          int64_t width) {
  const auto padded = torch::constant_pad_nd(mask.cpu().to(torch::kFloat), {1, 1, 1, 1});
  const auto corners = box.cpu().to(torch::kFloat);
  const auto* given = corners.contiguous().data_ptr<float>();
  const float growth = static_cast<float>(padded.size(0)) / static_cast<float>(mask.size(0));
  int64_t edges[4];
  for (int i = 0; i < 2; ++i) {
    const float half = (given[i + 2] - given[i]) * .5f * growth;
    const float centre = (given[i + 2] + given[i]) * .5f;
    edges[i] = static_cast<int64_t>(centre - half);
    edges[i + 2] = static_cast<int64_t>(centre + half);
  }
  const int64_t w = std::max<int64_t>(1, edges[2] - edges[0] + 1);
  const int64_t h = std::max<int64_t>(1, edges[3] - edges[1] + 1);
  const auto large =
      torch::upsample_bilinear2d(padded.unsqueeze(0).unsqueeze(0), {h, w}, false)[0][0];
  auto out = torch::zeros({height, width});
  const int64_t x0 = std::max<int64_t>(0, edges[0]), x1 = std::min(width, edges[2] + 1);
  const int64_t y0 = std::max<int64_t>(0, edges[1]), y1 = std::min(height, edges[3] + 1);
  if (x1 <= x0 || y1 <= y0) return out;
  out.slice(0, y0, y1).slice(1, x0, x1).copy_(
      large.slice(0, y0 - edges[1], y1 - edges[1]).slice(1, x0 - edges[0], x1 - edges[0]));
  return out;
}

Mask mask_of(const torch::Tensor& probabilities) {
  const auto object = (probabilities > .5).to(torch::kByte).t().contiguous();
  const auto* pixels = object.data_ptr<uint8_t>();
  std::vector<uint32_t> runs{0};
  uint8_t last = 0;
  for (int64_t i = 0; i < object.numel(); ++i) {
    if (pixels[i] != last) runs.push_back(0);
    last = pixels[i];
    ++runs.back();
  }
  return Mask(probabilities.size(0), probabilities.size(1), std::move(runs));
}

}  // namespace evenray
