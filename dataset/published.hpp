// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Names of the published splits that are known: nih, fracatlas.
std::vector<std::string> published_splits();

/// Gives the images their parts by the lists that came with the collection: NIH ChestX-ray14's
/// train_val_list.txt (train) and test_list.txt, FracAtlas' Utilities/Fracture Split/*.csv (which
/// list fractured images only). Images that no list has leave the manifest; their number is
/// returned. Throws 2 for an unknown name, 66 where no list is there, 65 where none of its images
/// is.
size_t apply_published_split(Manifest& manifest, const std::string& name);

}  // namespace evenray
