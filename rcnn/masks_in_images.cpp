// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "rcnn/faster_rcnn.hpp"
#include "rcnn/mask_head.hpp"
#include "rcnn/object_mask.hpp"

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

}  // namespace

Mask object_mask(const Box& box, int64_t height, int64_t width) {
  if (auto rings = drawn_rings(box, height, width); rings && rings->area() > 0)
    return *std::move(rings);
  const auto edge = [](float value, int64_t side) {
    return std::round(std::clamp(double{value}, 0., static_cast<double>(side)));
  };
  const double x0 = edge(box.x0, width), y0 = edge(box.y0, height);
  const double x1 = edge(box.x1, width), y1 = edge(box.y1, height);
  return Mask::polygon(height, width, std::vector<double>{x0, y0, x0, y1, x1, y1, x1, y0});
}

torch::Tensor true_masks(const std::vector<Box>& boxes,
                         const torch::Tensor& which,
                         int64_t height,
                         int64_t width) {
  std::vector<const Box*> kept;
  for (const Box& box : boxes)
    if (box.x1 > box.x0 && box.y1 > box.y0) kept.push_back(&box);
  auto masks = torch::zeros({which.numel(), height, width}, torch::kByte);
  const auto index = which.accessor<int64_t, 1>();
  for (int64_t i = 0; i < which.numel(); ++i) {
    const auto pixels =
        object_mask(*kept.at(static_cast<size_t>(index[i])), height, width).pixels();
    std::copy(pixels.begin(), pixels.end(), masks[i].data_ptr<uint8_t>());
  }
  return masks.to(torch::kFloat);
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
  const auto object = (probabilities > .5).to(torch::kByte).contiguous();
  return Mask::of_pixels(probabilities.size(0),
                         probabilities.size(1),
                         {object.data_ptr<uint8_t>(), static_cast<size_t>(object.numel())});
}

std::vector<Mask> found_masks(const RcnnFound& found, int64_t height, int64_t width) {
  std::vector<Mask> out;
  for (int64_t i = 0; i < found.labels.numel(); ++i)
    out.push_back(mask_of(pasted_mask(found.masks[i], found.boxes[i], height, width)));
  return out;
}

}  // namespace evenray
