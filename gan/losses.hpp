// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

namespace evenray {

/// Binary cross-entropy of logits against 1 (real) or 0 (fake), mean over the batch: Goodfellow et
/// al. 2014 with the non-saturating generator loss. f32 whatever the logits are.
torch::Tensor bce(const torch::Tensor& logits, bool real);

/// R1 (Mescheder et al. 2018): mean over the batch of |d sum(logits) / d images|^2, without the
/// factor gamma / 2. Twice differentiable.
torch::Tensor r1_penalty(const torch::Tensor& logits, const torch::Tensor& images);

}  // namespace evenray
