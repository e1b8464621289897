// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finds the boxes that may overlap another one enough, without looking at all.
#include <cstdint>
#include <optional>
#include <vector>

#include "fusion/pooled_boxes.hpp"

namespace evenray {

/// Boxes by the vertical strip of the image that their centre lies in.
///
/// If the IoU of two boxes with the widths w and v is above t, their intersection is wider than
/// t * max(w, v), so that their centres are less than (w + v) / 2 - t * max(w, v) apart, and v is
/// below w / t. Both together bound the distance by w * (1 - t) * max(1, 1 / (2 t)). Only strips
/// within this distance are searched, so that the result is that of a search of all boxes.
class BoxStrips {
 public:
  /// `boxes`: which boxes will be added; boxes between them may be added too. `iou_thr`: t.
  BoxStrips(const std::vector<PooledBox>& boxes, double iou_thr);

  /// Adds a box. Boxes have the numbers 0, 1, ... in the order in which they were added.
  void add(const Corners& box);
  /// Replaces a box.
  void move(size_t number, const Corners& box);

  /// Whether the IoU of a box that was added with this one is above iou_thr.
  bool overlaps(const Corners& box) const;
  /// Returns the box with the highest IoU above iou_thr, of equal ones that with the lowest number;
  /// nullopt if there is none.
  std::optional<size_t> best(const Corners& box) const;

 private:
  size_t strip_at(double x) const;
  /// Calls visit(number) for the boxes near a box, until it returns true.
  template <class Visit>
  void near(const Corners& box, const Visit& visit) const;

  double iou_thr_, reach_, slack_ = 0, left_ = 0, per_px_ = 0, widest_ = 0;
  std::vector<Corners> boxes_;
  std::vector<std::vector<uint32_t>> strips_;
};

}  // namespace evenray
