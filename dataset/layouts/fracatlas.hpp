// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path`, or the only folder in it, has a dataset.csv and a folder images.
bool is_fracatlas_layout(const std::string& path);

/// Reads FracAtlas (Abedeen et al., Scientific Data 10, 2023): dataset.csv,
/// images/{Fractured,Non_fractured}, and the boxes of read_fracatlas_boxes(). Classes:
/// `Non_fractured`, `Fractured`. Boxes take precedence over the folder, and both over the table; a
/// disagreement is a `label_conflict`. Further findings: `missing_file` (listed but not found),
/// `unlisted_file` (found but not listed: kept, with the class of its folder). Metadata: the
/// table's columns that are not labels. Throws Exit::bad_data for a missing column, equal ids, a
/// label that is neither 0 nor 1, or invalid annotations.
Manifest read_fracatlas(const std::string& path);

}  // namespace evenray
