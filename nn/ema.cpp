// SPDX-License-Identifier: Apache-2.0
#include "nn/ema.hpp"

#include <torch/types.h>

namespace evenray {
namespace {

void copy_buffers(torch::nn::Module& target, const torch::nn::Module& source) {
  auto to = target.buffers();
  const auto from = source.buffers();
  for (size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
}

}  // namespace

void ema_update(torch::nn::Module& target, const torch::nn::Module& source, double decay) {
  torch::NoGradGuard no_grad;
  at::_foreach_lerp_(target.parameters(), source.parameters(), 1 - decay);
  copy_buffers(target, source);
}

void copy_module(torch::nn::Module& target, const torch::nn::Module& source) {
  torch::NoGradGuard no_grad;
  auto to = target.parameters();
  const auto from = source.parameters();
  for (size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
  copy_buffers(target, source);
}

}  // namespace evenray
