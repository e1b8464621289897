// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

namespace evenray {

/// Updates an exponential moving average: target <- target + (1 - decay) * (source - target) for
/// all parameters; buffers are copied. Requires two modules of the same structure.
void ema_update(torch::nn::Module& target, const torch::nn::Module& source, double decay);

/// Copies all parameters and buffers. Requires two modules of the same structure.
void copy_module(torch::nn::Module& target, const torch::nn::Module& source);

}  // namespace evenray
