// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path` is VinBigData / VinDr-CXR as published for its challenge (Nguyen et al.
/// 2022): a table with one row per box and reader (image_id, class_name, class_id, rad_id, x_min,
/// y_min, x_max, y_max), and the images, named after image_id, at any depth.
bool is_vinbigdata_layout(const std::string& path);

/// Reads it. Classes: the findings in the order of class_id, which do not exclude one another; "No
/// finding" (14) is not a class. An image has a finding if one of its boxes is left after the boxes
/// of its readers are merged according to `readers` (see box_fusion.hpp); with `majority` also if
/// more than half of the readers saw it in different places. If the images are smaller than the
/// frame of the boxes and there is a table train_meta.csv (image_id, dim0, dim1: height and width),
/// the boxes are scaled to the images. Metadata: `readers`, who examined the image; with `keep`
/// also `box_readers`, who drew each box. Throws Exit::bad_data for a missing column, a box that is
/// not four numbers, and as match_listing().
Manifest read_vinbigdata(const std::string& path, const std::string& readers);

}  // namespace evenray
