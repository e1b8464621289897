// SPDX-License-Identifier: Apache-2.0
#include "detector/frozen.hpp"

#include <torch/nn/modules/batchnorm.h>
#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"

namespace evenray {

std::vector<std::shared_ptr<torch::nn::Module>> frozen_modules(Backbone& backbone,
                                                               const DetectOptions& options) {
  const auto& depths = backbone.depths;
  check(options.frozen_depths <= std::ssize(depths),
        Exit::config,
        cat("detect.frozen_depths is above the ", depths.size(), " groups of ", options.arch));
  const auto is_frozen = [&](const std::string& name) {
    return std::any_of(
        depths.begin(), depths.begin() + options.frozen_depths, [&](const auto& group) {
          return std::any_of(group.begin(), group.end(), [&](const std::string& prefix) {
            return name.starts_with(prefix);
          });
        });
  };
  for (auto& item : backbone.named_parameters())
    if (is_frozen(item.key())) item.value().set_requires_grad(false);
  std::vector<std::shared_ptr<torch::nn::Module>> out;
  for (const auto& item : backbone.named_modules("", /*include_self=*/false))
    if (is_frozen(item.key()) ||
        (options.frozen_statistics && item.value()->as<torch::nn::BatchNorm2d>()))
      out.push_back(item.value());
  return out;
}

std::vector<int64_t> stage_channels(Backbone& backbone) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(backbone);
  std::vector<int64_t> channels;
  for (const auto& map : backbone.stages(torch::zeros({1, 1, 64, 64})))
    channels.push_back(map.size(1));
  return channels;
}

}  // namespace evenray
