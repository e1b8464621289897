// SPDX-License-Identifier: Apache-2.0
#pragma once
// Training steps of a detector. Internal to detector.
#include <map>
#include <memory>
#include <utility>

#include "detector/examples.hpp"
#include "detector/network.hpp"
#include "detector/points.hpp"
#include "detector/start_weights.hpp"
#include "nn/learner.hpp"
#include "nn/loader.hpp"

namespace evenray {

/// Network, average, optimiser and minibatches: makes training steps. All random draws come from
/// streams named by the step.
class DetectorFit {
 public:
  /// `images`, of a store with this `info`, must outlive it. Starts from `weights` unless that is
  /// nullptr. Throws 65 if no image has boxes, or if the images are too small for the backbone.
  DetectorFit(const BoxedImages& images,
              const StoreInfo& info,
              const DetectOptions& options,
              const Compute& compute,
              const Rng& rng,
              const StartWeights* weights = nullptr);

  /// The minibatches that it trains on.
  BoxBatches& batches() { return batches_; }
  /// Makes the training step number `step`, from 0, on batches().at(step).
  void step(const Batch& batch, int64_t step);
  /// The optimiser, the average and the losses: see Learner for reading, saving and loading them.
  Learner& learner() { return *learner_; }
  /// The averaged network.
  BoxModel& model() { return *average_; }
  const Standardise& standardise() const { return standardise_; }

 private:
  DetectOptions options_;
  Compute compute_;
  int value_max_;
  Standardise standardise_;
  std::shared_ptr<BoxModel> model_, average_;
  std::unique_ptr<Learner> learner_;
  BoxBatches batches_;

  /// Changes the size of a minibatch as detect.multi_scale says.
  void rescale(Batch& batch, int64_t step) const;

  Rng rng_;
};

}  // namespace evenray
