// SPDX-License-Identifier: Apache-2.0
#include "rcnn/anchors.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

torch::Tensor cell_anchors(const std::vector<double>& sizes, const std::vector<double>& ratios) {
  const auto size = torch::tensor(sizes, torch::kDouble).to(torch::kFloat);
  const auto tall = torch::tensor(ratios, torch::kDouble).to(torch::kFloat).sqrt().unsqueeze(1);
  const auto widths = (1 / tall * size).flatten(), heights = (tall * size).flatten();
  return (torch::stack({-widths, -heights, widths, heights}, 1) / 2).round();
}

std::vector<torch::Tensor> anchors_of(const std::vector<MapSize>& maps,
                                      int64_t height,
                                      int64_t width,
                                      const std::vector<std::vector<double>>& sizes,
                                      const std::vector<double>& ratios) {
  check(maps.size() == sizes.size(),
        Exit::failed,
        cat("there are ", maps.size(), " maps, but anchor sizes for ", sizes.size()));
  std::vector<torch::Tensor> anchors;
  for (size_t i = 0; i < maps.size(); ++i) {
    const auto y =
        torch::arange(maps[i].height, torch::kFloat) * static_cast<double>(height / maps[i].height);
    const auto x =
        torch::arange(maps[i].width, torch::kFloat) * static_cast<double>(width / maps[i].width);
    const auto grid = torch::meshgrid({y, x}, "ij");
    const auto at = torch::stack({grid[1], grid[0], grid[1], grid[0]}, 2).view({-1, 1, 4});
    anchors.push_back((at + cell_anchors(sizes[i], ratios)).view({-1, 4}));
  }
  return anchors;
}

}  // namespace evenray
