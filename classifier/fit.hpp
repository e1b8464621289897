// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the classifier room only.
#include <torch/types.h>

#include <memory>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/network.hpp"
#include "nn/loader.hpp"
#include "nn/optimizer.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// What a classifier learns from, on its device.
struct Examples {
  torch::Tensor images;   ///< [N,1,H,W] as stored
  torch::Tensor labels;   ///< [N,C] f32: 1, 0, -1 unknown
  torch::Tensor weights;  ///< [N] f32
  int value_max = 255;
  bool exclusive = true;  ///< one class a row: softmax; else a sigmoid a class
};

Examples load_examples(const Store& store, const std::string& part, torch::Device device);

/// Network, average, optimiser and the order of the rows: one training step and what a checkpoint
/// needs. Everything random comes from streams named by the step.
class Fit {
 public:
  Fit(const Examples& examples,
      const ClassifyOptions& options,
      const Compute& compute,
      const Rng& rng);

  /// Step number `step` of options.steps.
  void step(int64_t step);
  /// Mean loss over the last `steps` steps. Waits for the device. Throws 1 where it is not finite.
  double take_loss(int64_t steps);
  /// The averaged network.
  ClassifierNet& network() { return *average_; }
  const Standardise& standardise() const { return standardise_; }

  void save(TensorFile& file) const;
  void save_average(TensorFile& file) const;
  void load(const TensorFile& file, const Path& path);

 private:
  torch::Tensor rows(int64_t step);
  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& rows) const;

  const Examples& examples_;
  ClassifyOptions options_;
  Compute compute_;
  Rng rng_;
  Standardise standardise_;
  std::shared_ptr<ClassifierNet> network_, average_;
  std::unique_ptr<FusedAdam> adam_;
  EpochOrder order_;
  std::vector<std::vector<int64_t>> rows_of_class_;
  torch::Tensor class_weights_, sum_;
};

/// Probabilities [N,C] in f32 on the CPU.
torch::Tensor probabilities(ClassifierNet& network,
                            const torch::Tensor& images,
                            int value_max,
                            const Standardise& standardise,
                            bool exclusive,
                            const Compute& compute);

/// [row][class]
std::vector<std::vector<double>> to_rows(const torch::Tensor& probabilities);

}  // namespace evenray
