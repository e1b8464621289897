// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "nn/weights.hpp"

namespace evenray {

struct AdamOptions {
  double lr = 2e-4, beta1 = .5, beta2 = .999, eps = 1e-8;
  double weight_decay = 0;  ///< decoupled (AdamW); not applied to vectors (biases, norms)
};

/// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) through ATen's fused kernels: one
/// call a step for all tensors.
class FusedAdam {
 public:
  FusedAdam(const torch::nn::Module& module, const AdamOptions& options);

  void set_lr(double lr) { options_.lr = lr; }
  void zero_grad();
  /// Parameters without a gradient take no part, as in torch.optim.
  void step();
  /// All moments; those of a gradient that was not finite are not either.
  std::vector<torch::Tensor> moments() const;
  /// Forgets moments and step counts.
  void reset();

  /// Moments and step counts as "prefix.exp_avg.NAME" etc. load() throws 65 for one that is missing
  /// or has another shape.
  void save(TensorFile& file, const std::string& prefix) const;
  void load(const TensorFile& file, const std::string& prefix, const Path& path);

 private:
  struct Group {
    std::vector<std::string> names;
    std::vector<torch::Tensor> params, exp_avg, exp_avg_sq, steps;
    double weight_decay;
  };
  AdamOptions options_;
  std::vector<Group> groups_;
};

}  // namespace evenray
