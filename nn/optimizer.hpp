// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <vector>

#include "nn/weights.hpp"

namespace evenray {

struct AdamOptions {
  double lr = 2e-4;         ///< learning rate
  double beta1 = .5;        ///< decay of the first moments
  double beta2 = .999;      ///< decay of the second moments
  double eps = 1e-8;        ///< added to the denominator
  double weight_decay = 0;  ///< decoupled (AdamW); not applied to vectors (biases, norms)
};

/// Adam (Kingma & Ba 2015), or AdamW (Loshchilov & Hutter 2019) if weight_decay > 0, with ATen's
/// fused kernels: one call per step and group of parameters instead of several calls per tensor.
class FusedAdam {
 public:
  /// Optimises the parameters of `module` that require a gradient now. `rate_of`: returns a factor
  /// of the learning rate for the name of a parameter.
  FusedAdam(const torch::nn::Module& module,
            const AdamOptions& options,
            const std::function<double(const std::string& name)>& rate_of = {});

  void set_lr(double lr) { options_.lr = lr; }
  /// Removes the gradients of all parameters.
  void zero_grad();
  /// Updates all parameters that have a gradient and skips the others, as in torch.optim.
  void step();
  /// Returns the first and second moments of all parameters. After a non-finite gradient its
  /// moments are non-finite too.
  std::vector<torch::Tensor> moments() const;
  /// Sets moments and step counts to zero.
  void reset();

  /// Write and read moments and step counts as "PREFIX.exp_avg.NAME", "PREFIX.exp_avg_sq.NAME" and
  /// "PREFIX.step.NAME". load() throws 65 if one is missing or has another shape; `path` is used in
  /// the message.
  void save(TensorFile& file, const std::string& prefix) const;
  void load(const TensorFile& file, const std::string& prefix, const Path& path);

 private:
  /// Parameters with the same weight decay and learning rate.
  struct Group {
    std::vector<std::string> names;
    std::vector<torch::Tensor> params, exp_avg, exp_avg_sq, steps;
    double weight_decay = 0, rate = 1;
  };
  AdamOptions options_;
  std::vector<Group> groups_;
};

}  // namespace evenray
