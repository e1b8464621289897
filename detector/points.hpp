// SPDX-License-Identifier: Apache-2.0
#pragma once
// The points of an image at which a detector predicts, and the form of its predictions. Internal to
// detector.
#include <torch/types.h>

#include <array>
#include <vector>

namespace evenray {

/// The strides of the maps, P2 to P5.
inline constexpr std::array<int64_t, 4> kStrides{4, 8, 16, 32};
/// A side of a box is predicted as a distribution over the distances 0, 1, ..., kBins - 1 in
/// strides (Li et al. 2020, "Generalized Focal Loss", with n = 7 as in its ablations of n + 1 = 8).
inline constexpr int64_t kBins = 8;

/// The centres of the positions of all maps of an image, the finest map first, each row by row.
struct Points {
  Points(int64_t height, int64_t width);

  struct Level {
    int64_t first, rows, columns, stride;  ///< first: index of its first point
  };
  std::vector<Level> levels;
  std::vector<float> x, y, stride;  ///< pixels; the centre of the first position is stride / 2
  int64_t size() const { return static_cast<int64_t>(x.size()); }
};

/// Points as tensors on a device.
struct PointTensors {
  PointTensors(const Points& points, torch::Device device);
  torch::Tensor centres;  ///< [P,2] x, y in pixels
  torch::Tensor strides;  ///< [P,1]
};

/// Returns the mean distances [...,4] to the left, upper, right and lower side, in strides, of
/// logits [...,4 * kBins].
torch::Tensor mean_distances(const torch::Tensor& side_logits);

/// Returns boxes [...,4] as x0, y0, x1, y1 in pixels, of distances [...,4] in strides from points
/// with these centres [...,2] and strides [...,1].
torch::Tensor boxes_at(const torch::Tensor& centres,
                       const torch::Tensor& strides,
                       const torch::Tensor& distances);

}  // namespace evenray
