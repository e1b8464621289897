// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// NIH ChestX-ray14 (Wang et al. 2017) as published, whole or in part: a table with "Image Index"
/// and "Finding Labels" (Data_Entry_2017*.csv, sample_labels.csv), the images at any depth
/// (images_001/images/...), BBox_List_2017.csv where it is there.
bool is_nih_layout(const std::string& path);

/// The 14 findings as labels that do not exclude one another; "No Finding" is none of them.
/// Patients by Patient ID; the other columns as metadata, ages such as `060Y` in years. Boxes are
/// known of the 880 images that the list has; its `Infiltrate` is Infiltration. Throws 65 for a
/// missing column, an unknown finding, an age or a box that is no number, and as match_listing().
Manifest read_nih(const std::string& path);

}  // namespace evenray
