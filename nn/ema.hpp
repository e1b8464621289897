// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

namespace evenray {

/// target <- target + (1 - decay) * (source - target) for all parameters; buffers are copied. Both
/// made by the same function.
void ema_update(torch::nn::Module& target, const torch::nn::Module& source, double decay);

/// target <- source, parameters and buffers.
void copy_module(torch::nn::Module& target, const torch::nn::Module& source);

}  // namespace evenray
