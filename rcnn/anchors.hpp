// SPDX-License-Identifier: Apache-2.0
#pragma once
// The reference boxes of a network that proposes boxes. Internal to rcnn.
#include <torch/types.h>

#include <vector>

namespace evenray {

/// The height and width of a map in positions.
struct MapSize {
  int64_t height, width;
};

/// Returns the anchors of one position, [R * S,4], centred at 0 and rounded to whole pixels (halves
/// to even): for each ratio (height / width) all sizes (the square root of the area, in pixels).
torch::Tensor cell_anchors(const std::vector<double>& sizes, const std::vector<double>& ratios);

/// Returns the anchors of all maps of an image of height x width, one tensor [h * w * R * S,4] per
/// map, row by row, at each position those of cell_anchors(), as torchvision's AnchorGenerator
/// does. The position (0, 0) is at the pixel (0, 0), and the next one as many pixels away as the
/// side of the image is times that of the map, rounded down. `sizes`: of each map.
std::vector<torch::Tensor> anchors_of(const std::vector<MapSize>& maps,
                                      int64_t height,
                                      int64_t width,
                                      const std::vector<std::vector<double>>& sizes,
                                      const std::vector<double>& ratios);

}  // namespace evenray
