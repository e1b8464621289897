// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path` is NIH ChestX-ray14 (Wang et al. 2017) as published, complete or in part:
/// a table with "Image Index" and "Finding Labels" (Data_Entry_2017*.csv, sample_labels.csv), the
/// images at any depth (images_001/images/...), and optionally BBox_List_2017.csv.
bool is_nih_layout(const std::string& path);

/// Reads it. Classes: the 14 findings, which do not exclude one another; "No Finding" is not a
/// class. Patients: Patient ID. The other columns are metadata, with ages such as `060Y` in years.
/// Boxes are known for the 880 images of the box list; its `Infiltrate` is Infiltration. Throws
/// Exit::bad_data for a missing column, an unknown finding, an age or a box that is not a number,
/// and as match_listing().
Manifest read_nih(const std::string& path);

}  // namespace evenray
