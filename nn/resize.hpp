// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

namespace evenray {

/// Resizes [N,C,H,W] to `height` x `width` with bicubic interpolation (a = -.5), antialiased when
/// shrinking. Returns f32, neither rounded nor clipped. Equals Pillow's resize for mode F, which
/// published feature metrics use (Parmar et al. 2022).
torch::Tensor resize_bicubic(const torch::Tensor& images, int64_t height, int64_t width);

}  // namespace evenray
