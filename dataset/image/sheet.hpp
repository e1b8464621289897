// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// One cell of a contact sheet.
struct SheetItem {
  cv::Mat image;             ///< CV_8UC1 or CV_16UC1
  std::string caption;       ///< drawn below the image; may be empty or have several lines
  std::vector<Box> boxes;    ///< in pixels of `image`
  std::vector<Box> found{};  ///< drawn in another colour
};

struct SheetOptions {
  int cell_px = 128;                     ///< longer side of each image in the sheet, px
  int columns = 8;                       ///< cells per row, at most
  bool boxes = false, polygons = false;  ///< what to draw over the images
  bool numbers = false;                  ///< number the boxes, from 1
};

/// Returns the images with 8 bits. 16-bit images share one window (the lowest value of all is
/// black, the highest white), so that they can be compared and images that use only 10 or 12 bits
/// are not black. 8-bit images stay as they are.
std::vector<cv::Mat> in_one_window(std::vector<cv::Mat> images);

/// Draws the images in a grid, each at its own aspect ratio, on a dark background. Returns a
/// CV_8UC3 image. Boxes and polygons have one colour, which is neither red nor green.
cv::Mat draw_sheet(const std::vector<SheetItem>& items, const SheetOptions& options);

}  // namespace evenray
