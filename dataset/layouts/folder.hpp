// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// One folder a class, or train|val|test (valid, validation = val) with one folder a class in each;
/// exclusive classes sorted by name. Images outside of the class folders become `unlisted_file`
/// findings. Patient: the first eight characters where all stems are NIH's (`00000012_003`). Throws
/// 65 where there is no image or no class folder.
Manifest read_folder(const std::string& path);

}  // namespace evenray
