// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Where an output pixel comes from: the output point (x, y) shows the input at (a x + b y + c, d x
/// + e y + f). Points are continuous: the middle of pixel 0 is .5, so boxes (whose x1, y1 are far
/// edges) use the same coordinates.
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;

  cv::Point2d operator()(double x, double y) const {
    return {a * x + b * y + c, d * x + e * y + f};
  }
};

/// The other way round; the matrix must not be singular.
Affine inverse(const Affine& map);
/// `first` is applied to the picture, then `second`.
Affine compose(const Affine& first, const Affine& second);

/// The maps of torchvision's AutoAugment: shears about the corner (0, 0) by the factor `tangent`,
/// whole-pixel shifts (positive: right, down), rotation about the middle (positive: anticlockwise).
Affine shear_x_map(double tangent);
Affine shear_y_map(double tangent);
Affine translate_map(double x_px, double y_px);
Affine rotate_map(double degrees, cv::Size size);
/// Enlarges (factor above 1) about the middle.
Affine scale_map(double factor, cv::Size size);
Affine flip_map(cv::Size size);

/// Nearest neighbour in 16.16 fixed point, as Pillow samples, so that results are equal to the last
/// bit. u8 or u16; outside: fill.
cv::Mat warp_nearest(const cv::Mat& image, const Affine& map, int fill);
/// Bilinear between pixel middles; outside the image: fill.
cv::Mat warp_bilinear(const cv::Mat& image, const Affine& map, int fill);
/// Median of the outermost rows and columns: the background of a radiograph.
int border_median(const cv::Mat& image);

/// Boxes on their way through several maps.
class MovingBoxes {
 public:
  explicit MovingBoxes(const std::vector<Box>& boxes);
  /// Moves polygons and takes their bounds, else the ellipse inside the box (tighter than its
  /// corners after a rotation); clips to the image, remembering how much was lost.
  void move(const Affine& map, cv::Size size);
  /// What is left: at least `min_visibility` of the area inside the image through all moves, and 2
  /// px wide and high unless it was smaller from the start. `dropped` counts the others.
  std::vector<Box> finish(int& dropped, double min_visibility = .25) const;

 private:
  struct Moving {
    Box box;
    double visible = 1;
    bool was_small = false;
  };
  std::vector<Moving> boxes_;
};

}  // namespace evenray
