// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns the folders directly in `folder` that are empty class folders: no file is in them (see
/// empty_folders()), and their name is not one of masks, annotations, all images or a part.
std::vector<Path> empty_class_folders(const Path& folder);
/// Returns the finding `empty_class` for such a folder below `root`.
Finding empty_class(const Path& root, const Path& folder);

/// Reads a collection with one folder per class, or train|val|test (valid, validation = val) with
/// one folder per class in each. Classes exclude one another and are sorted by name; a class folder
/// without images is a class without images, and an `empty_class` finding. Images outside
/// the class folders become `unlisted_file` findings. Throws Exit::bad_data if there is no image or
/// no class folder. Unless `asked` (--format folder), also if the folders may not be classes: one
/// of them is named masks, labels or annotations, or the only one is named images, or a table,
/// JSON, XML or YAML file is beside them.
Manifest read_folder(const std::string& path, bool asked);

}  // namespace evenray
