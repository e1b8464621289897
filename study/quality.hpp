// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Writes quality.json into the folder of a trained generator: the results of judgement.json (SWD,
/// MS-SSIM, memorisation; absent if the class had too few images), the origin AUROC, and the
/// nearest training images of the drawn images that are most similar to one. Also writes
/// samples.png (real images, then drawn ones) and nearest.png (pairs). Does nothing if quality.json
/// exists.
void write_quality(const Config& config,
                   const Store& store,
                   const GeneratorCell& cell,
                   const Path& folder);

}  // namespace evenray
