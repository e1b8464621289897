// SPDX-License-Identifier: Apache-2.0
#include "detector/points.hpp"

namespace evenray {

Points::Points(int64_t height, int64_t width) {
  for (const int64_t step : kStrides) {
    const Level level{size(), (height + step - 1) / step, (width + step - 1) / step, step};
    levels.push_back(level);
    const auto middle = [&](int64_t i) {
      return (static_cast<float>(i) + .5f) * static_cast<float>(step);
    };
    for (int64_t row = 0; row < level.rows; ++row)
      for (int64_t column = 0; column < level.columns; ++column) {
        x.push_back(middle(column));
        y.push_back(middle(row));
        stride.push_back(static_cast<float>(step));
      }
  }
}

PointTensors::PointTensors(const Points& points, torch::Device device)
    : centres(torch::stack({torch::tensor(points.x), torch::tensor(points.y)}, 1).to(device)),
      strides(torch::tensor(points.stride).unsqueeze(1).to(device)) {}

torch::Tensor mean_distances(const torch::Tensor& side_logits) {
  auto shape = side_logits.sizes().vec();
  shape.back() = 4;
  shape.push_back(kBins);
  const auto shares = side_logits.view(shape).softmax(-1);
  return torch::matmul(shares, torch::arange(kBins, shares.options()));
}

torch::Tensor boxes_at(const torch::Tensor& centres,
                       const torch::Tensor& strides,
                       const torch::Tensor& distances) {
  const auto px = distances * strides;
  return torch::cat({centres - px.narrow(-1, 0, 2), centres + px.narrow(-1, 2, 2)}, -1);
}

}  // namespace evenray
