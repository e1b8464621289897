// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

struct SheetItem {
  cv::Mat image;           ///< CV_8UC1 or CV_16UC1
  std::string caption;     ///< drawn below, may be empty
  std::vector<Box> boxes;  ///< in pixels of image
};

struct SheetOptions {
  int cell_px = 128;  ///< longer side of a cell
  int columns = 8;
  bool boxes = false, polygons = false;
};

/// Images in a grid at their own aspect on dark ground (CV_8UC3); boxes and polygons in one colour
/// that is not red or green.
cv::Mat draw_sheet(const std::vector<SheetItem>& items, const SheetOptions& options);

}  // namespace evenray
