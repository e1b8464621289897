// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "classifier/classifier.hpp"
#include "core/rng.hpp"

namespace evenray {

/// Returns images [B,1,H,W] as stored (u8, or f32 with values 0..65535) after classify.policy, with
/// the same type and on the same device; the images themselves if it is "none". Each image has its
/// own draws from `rng`, so the result depends on neither the batch nor `threads`, the number of
/// threads that work on it. Policies run on the CPU: images on a GPU are copied there and back,
/// which waits for the GPU.
torch::Tensor augment_with_policy(const torch::Tensor& images,
                                  const ClassifyOptions& options,
                                  int threads,
                                  const Rng& rng);

/// Returns a standardised batch [B,1,H,W] with online augmentation, the same for all classes:
/// mirror, rotation, scale and shift in one bilinear resampling (border pixels are repeated
/// outwards), brightness and contrast. Each image has its own draws from `rng`.
torch::Tensor augment_batch(const torch::Tensor& batch,
                            const ClassifyOptions& options,
                            const Rng& rng);

}  // namespace evenray
