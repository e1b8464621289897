// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <string>

#include "nn/compute.hpp"
#include "nn/optimizer.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// How a Learner trains.
struct LearnerOptions {
  std::string section;             ///< of the configuration, for messages: "classify"
  int64_t steps = 1;               ///< in total
  double lr = 1e-3;                ///< AdamW's maximum learning rate
  double weight_decay = 0;         ///< AdamW's decoupled weight decay
  double warmup_share = 0;         ///< share of the steps with rising rate, then half a cosine to 0
  double ema_half_life_steps = 0;  ///< half-life of the average; 0: no average
};

/// A network in training: its optimiser (AdamW with warm-up and cosine), the exponential moving
/// average of its weights, and the sum of its losses.
class Learner {
 public:
  /// Moves both networks, which must have the same structure, to the device, and copies `network`
  /// to `average`. Trains the parameters that require a gradient now. `rate_of`: see FusedAdam.
  Learner(std::shared_ptr<torch::nn::Module> network,
          std::shared_ptr<torch::nn::Module> average,
          const LearnerOptions& options,
          const Compute& compute,
          const std::function<double(const std::string& name)>& rate_of = {});

  /// Sets the learning rate of step number `step` (from 0) and removes gradients.
  void start(int64_t step);
  /// Does the backward pass, updates the network and the average, and adds to the losses.
  /// `trained`, `averaged`: the parts of both networks whose tensors change; nullptr: all.
  void finish(int64_t step,
              const torch::Tensor& loss,
              const torch::nn::Module* trained = nullptr,
              torch::nn::Module* averaged = nullptr);
  /// Returns the mean loss since the last call, which was `steps` steps ago, and resets it. Waits
  /// for the device. Throws 1 if the mean is not finite.
  double take_loss(int64_t steps);

  /// Adds everything that is needed to resume training.
  void save(TensorFile& file) const;
  /// Adds the averaged network, which is all that predictions need.
  void save_average(TensorFile& file) const;
  /// Loads what save() added. `path` is for messages. Throws 65 if a tensor is missing or has
  /// another shape.
  void load(const TensorFile& file, const Path& path);

 private:
  std::shared_ptr<torch::nn::Module> network_, average_;
  LearnerOptions options_;
  std::unique_ptr<FusedAdam> adam_;
  torch::Tensor sum_;  ///< of the losses since take_loss()
};

}  // namespace evenray
