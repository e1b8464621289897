// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a network does not train of its backbone. Internal to detector.
#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "detector/options.hpp"
#include "nn/backbone.hpp"

namespace evenray {

/// Returns the modules that stay in eval mode during training, and disables requires_grad of their
/// parameters where they are not trained: the first detect.frozen_depths groups of layers. With
/// detect.frozen_statistics, all batch norms stay in eval mode. Throws 78 for more groups than
/// there are.
std::vector<std::shared_ptr<torch::nn::Module>> frozen_modules(Backbone& backbone,
                                                               const DetectOptions& options);

/// Returns the channels of the stages of a backbone.
std::vector<int64_t> stage_channels(Backbone& backbone);

}  // namespace evenray
