// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns the names of the known published splits: nih, fracatlas.
std::vector<std::string> published_splits();

/// Sets the images' parts from the lists that were published with the collection: NIH
/// ChestX-ray14's train_val_list.txt (train) and test_list.txt, or FracAtlas' Utilities/Fracture
/// Split/*.csv (which list fractured images only). Removes images that are in no list from the
/// manifest and returns their number. Throws Exit::usage for an unknown name, Exit::missing_input
/// if no list is found, Exit::bad_data if none of the images is listed.
size_t apply_published_split(Manifest& manifest, const std::string& name);

}  // namespace evenray
