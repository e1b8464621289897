// SPDX-License-Identifier: Apache-2.0
#pragma once
// The boxes of all models in one list for each class, as the methods of fusion compare them.
#include <optional>
#include <span>
#include <vector>

#include "fusion/fusion.hpp"

namespace evenray {

/// A box by its left, upper, right and lower edge.
struct Corners {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  double area() const { return (x1 - x0) * (y1 - y0); }
};

/// Returns the intersection divided by the union of boxes with an area. The order of operations is
/// that of ensemble-boxes, so that an IoU that is just the threshold falls on the same side.
double corners_iou(const Corners& a, const Corners& b);

/// Converts between pixels and the coordinates that are compared (see fuse_boxes).
class FusionFrame {
 public:
  explicit FusionFrame(const std::optional<ImageSize>& image);

  /// Returns sorted corners, clipped to the image: shares of its sides, or pixels without one.
  Corners corners(const PixelBox& box) const;
  /// Returns the box in pixels, sorted and clipped; bit for bit the same if it was so before.
  PixelBox clipped(const PixelBox& box) const;
  PixelBox pixels(const Corners& corners) const;
  /// Rounds to single precision, if there is an image.
  double rounded(double value) const;

 private:
  Corners sorted(const PixelBox& box) const;

  std::optional<ImageSize> image_;
};

struct PooledBox {
  Corners corners;
  double score = 0;   ///< times the weight of the model
  double weight = 0;  ///< of the model
  BoxPlace place{};
};

/// The boxes of one class.
struct PooledClass {
  int class_index = 0;
  std::vector<PooledBox> boxes{};

  /// Puts the highest score first; of equal ones the later.
  void sort();
};

/// Returns the boxes with an area whose score is `skip_box_thr` or more: classes by their first
/// box, boxes in their order. `weights`: one for each model. Throws 1 as fuse_boxes.
std::vector<PooledClass> pool_boxes(const std::vector<std::vector<FoundBox>>& models,
                                    const FusionFrame& frame,
                                    std::span<const double> weights,
                                    double skip_box_thr);

/// Returns one of the input's boxes as a result of its own.
FusedBox single_box(const std::vector<std::vector<FoundBox>>& models,
                    const FusionFrame& frame,
                    const PooledBox& box);

}  // namespace evenray
