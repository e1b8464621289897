// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <cstdint>

namespace evenray {

/// One minibatch on the training's device. What the tensors hold is agreed between a Trainee and
/// its Batches; undefined where it has no use for one.
struct Batch {
  torch::Tensor images;   ///< [B,1,H,W]
  torch::Tensor labels;   ///< [B,C]
  torch::Tensor weights;  ///< [B]
};

/// The minibatches of a training, each a function of the training's seed and the step alone, so
/// that a resumed run sees what an uninterrupted one does.
struct Batches {
  virtual ~Batches() = default;
  /// The minibatch of step number `step`, from 0.
  virtual Batch at(int64_t step) = 0;
};

}  // namespace evenray
