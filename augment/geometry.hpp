// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// A map from output to input: the output at (x, y) shows the input at (a x + b y + c, d x + e y +
/// f). Coordinates are continuous: the centre of pixel 0 is .5. Boxes use the same coordinates (x1,
/// y1 are their far edges).
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;

  /// Returns the input point of the output point (x, y).
  cv::Point2d operator()(double x, double y) const {
    return {a * x + b * y + c, d * x + e * y + f};
  }
};

/// Returns the inverse map. Requires that the matrix is not singular.
Affine inverse(const Affine& map);
/// Returns the map that applies `first` to the image, then `second`.
Affine compose(const Affine& first, const Affine& second);

/// The maps of torchvision's AutoAugment: shears about the corner (0, 0) by the factor `tangent`,
/// shifts (positive: right, down; torchvision uses whole pixels), rotation about the centre
/// (positive: anticlockwise).
Affine shear_x_map(double tangent);
Affine shear_y_map(double tangent);
Affine translate_map(double x_px, double y_px);
Affine rotate_map(double degrees, cv::Size size);
/// Scales about the centre; a factor above 1 enlarges.
Affine scale_map(double factor, cv::Size size);
/// Mirrors left to right.
Affine flip_map(cv::Size size);

/// Warps with nearest-neighbour sampling in 16.16 fixed point, like Pillow, so that results are
/// bit-identical to Pillow's. `image`: u8 or u16. Output pixels from outside the image get `fill`.
cv::Mat warp_nearest(const cv::Mat& image, const Affine& map, int fill);
/// Warps with bilinear sampling between pixel centres. `image`: u8 or u16. Output pixels from
/// outside the image get `fill`.
cv::Mat warp_bilinear(const cv::Mat& image, const Affine& map, int fill);
/// Returns the median of the outermost rows and columns, an estimate of the background of a
/// radiograph.
int border_median(const cv::Mat& image);

/// How boxes follow their pixels.
enum class BoxRule {
  /// A box with polygons gets the bounds of the moved polygons. A box without polygons gets the
  /// bounds of its moved inscribed ellipse, which are tighter after a rotation than the bounds of
  /// its corners. Boxes of which little is left in the image are dropped.
  visible,
  /// As published by Zoph et al. 2020: a box gets the bounds of its moved corners, clipped to the
  /// image, and is never dropped. An edge that is then 0 long at the border is widened to .05 of
  /// the side of the image, so slivers stay where nothing is left. (The published code also rounds
  /// to whole pixels.) Polygons move, too, and what is outside the image is cut off.
  corner_hull,
};

/// Transforms boxes through a sequence of maps.
class MovingBoxes {
 public:
  explicit MovingBoxes(const std::vector<Box>& boxes, BoxRule rule = BoxRule::visible);
  /// Applies a map to all boxes and clips them to the image; records the lost area.
  void move(const Affine& map, cv::Size size);
  /// Returns the boxes that kept at least `min_visibility` of their area inside the image through
  /// all moves, and that are at least 2 px wide and high (unless they were smaller from the start).
  /// Adds the number of the other boxes to `dropped`. BoxRule::corner_hull: returns all boxes.
  std::vector<Box> finish(int& dropped, double min_visibility = .25) const;

 private:
  struct Moving {
    Box box;
    double visible = 1;      ///< proportion of the area left after all moves
    bool was_small = false;  ///< below 2 px from the start
  };
  std::vector<Moving> boxes_;
  BoxRule rule_;
};

}  // namespace evenray
