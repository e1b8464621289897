// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Writes quality.json into a trained generator's folder: what its training measured in
/// judgement.json (SWD, MS-SSIM, memorisation; absent where the class had too few images), and
/// beside it the origin AUROC and the nearest training images of a few drawn ones. Also samples.png
/// (drawn beside real) and nearest.png (pairs). Does nothing where quality.json is there.
void write_quality(const Config& config,
                   const Store& store,
                   const GeneratorCell& cell,
                   const Path& folder);

}  // namespace evenray
