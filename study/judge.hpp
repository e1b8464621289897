// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Writes quality.json (SWD, MS-SSIM, memorisation against the class's training images; origin
/// AUROC; the nearest training images of a few drawn ones), samples.png (drawn beside real) and
/// nearest.png (pairs) into the generator's folder, unless they are there.
void judge_generator(const Config& config,
                     const Store& store,
                     const GeneratorCell& cell,
                     const Path& folder);

}  // namespace evenray
