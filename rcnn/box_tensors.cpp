// SPDX-License-Identifier: Apache-2.0
#include "rcnn/box_tensors.hpp"

#include <cmath>

namespace evenray {
namespace {

const double kLargestLog = std::log(1000. / 16);

/// Centres and sides of boxes [N,4], each [N,1].
struct CentreForm {
  explicit CentreForm(const torch::Tensor& boxes)
      : width(boxes.narrow(1, 2, 1) - boxes.narrow(1, 0, 1)),
        height(boxes.narrow(1, 3, 1) - boxes.narrow(1, 1, 1)),
        x(boxes.narrow(1, 0, 1) + .5 * width),
        y(boxes.narrow(1, 1, 1) + .5 * height) {}
  torch::Tensor width, height, x, y;
};

}  // namespace

torch::Tensor encode_boxes(const torch::Tensor& boxes,
                           const torch::Tensor& references,
                           const CodeWeights& weights) {
  const CentreForm box(boxes), reference(references);
  return torch::cat({weights[0] * (box.x - reference.x) / reference.width,
                     weights[1] * (box.y - reference.y) / reference.height,
                     weights[2] * torch::log(box.width / reference.width),
                     weights[3] * torch::log(box.height / reference.height)},
                    1);
}

torch::Tensor decode_boxes(const torch::Tensor& codes,
                           const torch::Tensor& references,
                           const CodeWeights& weights) {
  const CentreForm reference(references);
  // Not -1: without boxes it is ambiguous.
  const auto by_set = codes.reshape({codes.size(0), codes.size(1) / 4, 4});
  const auto x = by_set.select(2, 0) / weights[0] * reference.width + reference.x;
  const auto y = by_set.select(2, 1) / weights[1] * reference.height + reference.y;
  const auto side = [&](int64_t code, const torch::Tensor& of_reference) {
    const auto log =
        (by_set.select(2, code) / weights[static_cast<size_t>(code)]).clamp_max(kLargestLog);
    return .5 * (torch::exp(log) * of_reference);
  };
  const auto half_width = side(2, reference.width), half_height = side(3, reference.height);
  return torch::stack({x - half_width, y - half_height, x + half_width, y + half_height}, 2)
      .flatten(1);
}

torch::Tensor clip_boxes(const torch::Tensor& boxes, int64_t height, int64_t width) {
  const auto x0 = boxes.select(-1, 0).clamp(0, width), x1 = boxes.select(-1, 2).clamp(0, width);
  const auto y0 = boxes.select(-1, 1).clamp(0, height), y1 = boxes.select(-1, 3).clamp(0, height);
  return torch::stack({x0, y0, x1, y1}, -1);
}

torch::Tensor large_enough(const torch::Tensor& boxes, double least_px) {
  return (boxes.select(1, 2) - boxes.select(1, 0) >= least_px) &
         (boxes.select(1, 3) - boxes.select(1, 1) >= least_px);
}

torch::Tensor at_least_f32(const torch::Tensor& x) {
  return x.scalar_type() == torch::kDouble ? x : x.to(torch::kFloat);
}

Targets targets_of(const std::vector<Box>& boxes) {
  std::vector<float> corners;
  std::vector<int64_t> labels;
  for (const Box& box : boxes) {
    // This way around, NaN has no area.
    if (!(box.x1 > box.x0 && box.y1 > box.y0)) continue;
    corners.insert(corners.end(), {box.x0, box.y0, box.x1, box.y1});
    labels.push_back(box.label);
  }
  return {torch::tensor(corners, torch::kFloat).view({-1, 4}), torch::tensor(labels, torch::kLong)};
}

}  // namespace evenray
