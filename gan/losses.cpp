// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"

#include <torch/torch.h>

namespace evenray {

torch::Tensor bce(const torch::Tensor& logits, bool real) {
  const auto values = logits.to(torch::kFloat);
  return torch::softplus(real ? -values : values).mean();
}

torch::Tensor r1_penalty(const torch::Tensor& logits, const torch::Tensor& images) {
  const auto gradient =
      torch::autograd::grad({logits.to(torch::kFloat).sum()}, {images}, {}, true, true)[0];
  return gradient.to(torch::kFloat).square().flatten(1).sum(1).mean();
}

}  // namespace evenray
