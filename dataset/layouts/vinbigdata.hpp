// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// VinBigData / VinDr-CXR as published for its challenge (Nguyen et al. 2022): a table with a row a
/// box and reader (image_id, class_name, class_id, rad_id, x_min, y_min, x_max, y_max), the images
/// named after image_id at any depth.
bool is_vinbigdata_layout(const std::string& path);

/// Findings as labels that do not exclude one another, in the order of class_id; "No finding" (14)
/// is none of them. An image has a finding where one of its boxes is left after merging its readers
/// as `readers` says (see box_fusion.hpp), by majority also where more than half of them
/// saw it in other places. Where the images are smaller than the boxes' frame and a table
/// train_meta.csv (image_id, dim0, dim1: height and width) is there, boxes are scaled to them.
/// Metadata: `readers`, who looked at the image. Throws 65 for a missing column, a box that is no
/// four numbers, and as match_listing().
Manifest read_vinbigdata(const std::string& path, const std::string& readers);

}  // namespace evenray
