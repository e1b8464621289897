// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

namespace evenray {

/// Bicubic (a = -.5), antialiased where it shrinks: what Pillow gives for mode F, which published
/// feature metrics are taken of (Parmar et al. 2022). [N,C,H,W] to f32, neither rounded nor
/// clipped.
torch::Tensor resize_bicubic(const torch::Tensor& images, int64_t height, int64_t width);

}  // namespace evenray
