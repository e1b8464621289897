// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "classifier/classifier.hpp"
#include "core/rng.hpp"

namespace evenray {

/// Returns a standardised batch [B,1,H,W] with online augmentation, the same for all classes:
/// mirror, rotation, scale and shift in one bilinear resampling (border pixels are repeated
/// outwards), brightness and contrast. Each image has its own draws from `rng`.
torch::Tensor augment_batch(const torch::Tensor& batch,
                            const ClassifyOptions& options,
                            const Rng& rng);

}  // namespace evenray
