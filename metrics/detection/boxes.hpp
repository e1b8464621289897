// SPDX-License-Identifier: Apache-2.0
#pragma once
// The detection room scores boxes or masks that a detector found against true ones; it needs no
// network. Read this header first, then coco_files.hpp (COCO's files), coco_map.hpp and voc_map.hpp
// (mean average precision), froc.hpp (sensitivity at wrong boxes per image), panel.hpp (all values
// with intervals) and comparison.hpp (differences between detectors).
#include <memory>
#include <string>
#include <vector>

#include "metrics/detection/masks.hpp"

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
  bool difficult =
      false;  ///< need not be found: VOC and FROC count it in no way, COCO as any other
  std::shared_ptr<const Mask> mask{};  ///< null: the box

  /// Whether VOC's precision and FROC leave it out.
  bool ignored() const { return crowd || difficult; }
};

/// A box that a detector found.
struct FoundBox {
  PixelBox box;
  int class_index = 0;
  double score = 0;
  std::shared_ptr<const Mask> mask{};  ///< null: the box

  /// Of the mask, if there is one.
  double area() const { return mask ? static_cast<double>(mask->area()) : box.area(); }
};

/// An image, its true and its found boxes. Found boxes with equal scores stay in this order.
struct ScoredImage {
  std::string id, group;
  std::vector<TrueBox> truth{};
  std::vector<FoundBox> found{};
  std::string fold{};                  ///< "" without folds
  std::vector<std::string> columns{};  ///< values of CocoBoxes::columns
  std::string name{};                  ///< its `file_name` in COCO's files; may be empty
};

/// Returns the intersection divided by the union; with `crowd`, divided by the area of `found`. NaN
/// if that is 0.
double overlap(const PixelBox& found, const PixelBox& truth, bool crowd = false);

/// Returns the overlap of the masks if both have one, else that of the boxes; of a crowd, divided
/// by the area of `found`.
double overlap(const FoundBox& found, const TrueBox& truth);

}  // namespace evenray
