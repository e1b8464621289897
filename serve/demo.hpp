// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "serve/site.hpp"

namespace evenray {

/// Writes the models of the demo, a classifier and a detector that were trained on drawn
/// radiographs, to a folder. Returns their paths. Throws 74 for a full disk.
std::vector<std::string> write_demo_models(const Path& folder);

/// Uploads drawn radiographs that the models have not seen, unless there are exams already.
void add_demo_images(Site& site);

}  // namespace evenray
