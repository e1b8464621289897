// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Reads a collection with one folder per class, or train|val|test (valid, validation = val) with
/// one folder per class in each. Classes exclude one another and are sorted by name. Images outside
/// the class folders become `unlisted_file` findings. Patient: the first eight characters of the
/// stem if all stems have NIH's form (`00000012_003`). Throws Exit::bad_data if there is no image
/// or no class folder.
Manifest read_folder(const std::string& path);

}  // namespace evenray
