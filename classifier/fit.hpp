// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the classifier room only.
#include <torch/types.h>

#include <memory>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/network.hpp"
#include "nn/batches.hpp"
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

/// Minibatches of resident examples: rows in shuffled epochs, or each class equally often
/// (classify.sampling). The examples must outlive it.
class ExampleBatches final : public Batches {
 public:
  ExampleBatches(const Examples& examples, const ClassifyOptions& options, const Rng& rng);
  Batch at(int64_t step) override;

 private:
  std::vector<int64_t> rows(int64_t step);

  const Examples& examples_;
  bool balanced_;
  int64_t minibatch_;
  Rng rng_;
  EpochOrder order_;
  std::vector<std::vector<int64_t>> rows_of_class_;
};

/// Network, average, optimiser and minibatches: one training step and what a checkpoint needs.
/// Everything random comes from streams named by the step.
class Fit {
 public:
  Fit(const Examples& examples,
      const ClassifyOptions& options,
      const Compute& compute,
      const Rng& rng);

  ExampleBatches& batches() { return batches_; }
  /// Step number `step` of options.steps, on batches().at(step).
  void step(const Batch& batch, int64_t step);
  /// Mean loss over the last `steps` steps. Waits for the device. Throws 1 where it is not finite.
  double take_loss(int64_t steps);
  /// The averaged network.
  ClassifierNet& network() { return *average_; }
  const Standardise& standardise() const { return standardise_; }

  void save(TensorFile& file) const;
  void save_average(TensorFile& file) const;
  void load(const TensorFile& file, const Path& path);

 private:
  torch::Tensor loss(const torch::Tensor& logits, const Batch& batch) const;

  const Examples& examples_;
  ClassifyOptions options_;
  Compute compute_;
  Rng rng_;
  Standardise standardise_;
  std::shared_ptr<ClassifierNet> network_, average_;
  std::unique_ptr<FusedAdam> adam_;
  ExampleBatches batches_;
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
