// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// One minibatch on the device of the training. A Trainee and its Batches agree on the values in
/// the tensors. A tensor that they do not use is undefined.
struct Batch {
  torch::Tensor images;                   ///< [B,1,H,W]
  torch::Tensor labels;                   ///< [B,C]
  torch::Tensor weights;                  ///< [B]
  std::vector<std::vector<Box>> boxes{};  ///< of each image, in pixels; for detectors
};

/// The minibatches of a training. Each is a function of the seed of the training and the step only,
/// so a resumed run gets the same minibatches as an uninterrupted one.
struct Batches {
  virtual ~Batches() = default;
  /// Returns the minibatch of step number `step`, from 0.
  virtual Batch at(int64_t step) = 0;
};

}  // namespace evenray
