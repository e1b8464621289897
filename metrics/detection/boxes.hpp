// SPDX-License-Identifier: Apache-2.0
#pragma once
// The detection room scores boxes that a detector found against true ones; it needs no network.
// Read this header first, then coco_files.hpp (COCO's files), coco_map.hpp (mean average precision)
// and panel.hpp (all values with intervals).
#include <string>
#include <vector>

namespace evenray {

/// A rectangle in pixels, not rounded: the left upper corner and the sides.
struct PixelBox {
  double x = 0, y = 0, width = 0, height = 0;

  double area() const { return width * height; }
};

/// A box that is in an image.
struct TrueBox {
  PixelBox box;
  int class_index = 0;
  double area = 0;  ///< in square pixels, of the outline if there is one
  bool crowd =
      false;  ///< stands for several objects: found boxes on it are neither right nor wrong
};

/// A box that a detector found.
struct FoundBox {
  PixelBox box;
  int class_index = 0;
  double score = 0;
};

/// An image, its true and its found boxes. Found boxes with equal scores stay in this order.
struct ScoredImage {
  std::string id, group;
  std::vector<TrueBox> truth{};
  std::vector<FoundBox> found{};
};

/// Returns the intersection divided by the union; with `crowd`, divided by the area of `found`. NaN
/// if that is 0.
double overlap(const PixelBox& found, const PixelBox& truth, bool crowd = false);

}  // namespace evenray
