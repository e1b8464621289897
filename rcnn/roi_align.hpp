// SPDX-License-Identifier: Apache-2.0
#pragma once
// Feature maps of boxes. Internal to rcnn.
#include <torch/types.h>

#include <vector>

namespace evenray {

/// How the map under a box becomes bins.
struct RoiBins {
  int64_t height = 7, width = 7;
  /// Positions per side of a bin whose values are averaged; 0: one for each started position of the
  /// map.
  int64_t samples = 2;
  /// Whether a pixel's value is at its centre. Otherwise, boxes are shifted by half a position, and
  /// have sides of one position or more, as in the first programs.
  bool aligned = false;
};

/// Feature maps [N,C,h,w] of one batch, f32 or f64, and how many positions of each map there are
/// per pixel.
struct ScaledMaps {
  std::vector<torch::Tensor> maps;
  std::vector<double> scales;
};

/// RoIAlign (He et al. 2017, "Mask R-CNN", section 3), of each box on its own map: the mean of
/// bilinear samples in each bin, [K,C,height,width]; the numbers are torchvision's. `boxes`: [K,5]
/// with the index of the image, x0, y0, x1, y1 in pixels; `levels`: [K] i64, indices of maps. The
/// gradient reaches the maps, not the boxes. On the CPU, it does not depend on threads. Throws 1
/// for an index out of range or a box that is not finite.
torch::Tensor roi_align(const ScaledMaps& maps,
                        const torch::Tensor& boxes,
                        const torch::Tensor& levels,
                        const RoiBins& bins);

/// Returns the index of the map for each box [K,4]: floor(4 + log2(sqrt(area) / 224) + 1e-6) (Lin
/// et al. 2017, "Feature pyramid networks", equation 1), at least log2 of the first map's stride
/// and at most that of the last one's, minus the former. [K] i64.
torch::Tensor roi_levels(const torch::Tensor& boxes, const std::vector<double>& scales);

/// Pools the boxes [K_i,4] of each image from the maps that roi_levels() chooses.
torch::Tensor pool_boxes(const ScaledMaps& maps,
                         const std::vector<torch::Tensor>& boxes,
                         const RoiBins& bins);

/// Returns the positions per pixel of maps of images of this height, rounded to a power of 2.
std::vector<double> map_scales(const std::vector<torch::Tensor>& maps, int64_t height);

}  // namespace evenray
