// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

bool is_fracatlas_layout(const std::string& path);

/// FracAtlas (Abedeen et al., Scientific Data 10, 2023): dataset.csv,
/// images/{Fractured,Non_fractured}, COCO boxes with polygons under "Annotations/COCO JSON".
/// Classes `Non_fractured`, `Fractured`. A box beats the folder and both beat the table; what
/// disagrees is a `label_conflict`; further findings: `missing_file` (listed but not there),
/// `unlisted_file` (there but not listed: kept, its folder tells the class). Meta: the table's
/// columns that are no labels. Throws 65 for a missing column, equal ids, a label that is neither 0
/// nor 1, or annotations that make no sense.
Manifest read_fracatlas(const std::string& path);

}  // namespace evenray
