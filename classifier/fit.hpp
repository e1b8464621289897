// SPDX-License-Identifier: Apache-2.0
#pragma once
// Training steps and predictions of a classifier. Internal to classifier.
#include <torch/types.h>

#include <memory>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/examples.hpp"
#include "classifier/loss.hpp"
#include "classifier/network.hpp"
#include "nn/learner.hpp"
#include "nn/loader.hpp"
#include "nn/pretrained.hpp"

namespace evenray {

/// Network, average, optimiser and minibatches: makes training steps. All random draws come from
/// streams named by the step.
class Fit {
 public:
  /// `examples` must outlive it. Starts from `weights` unless that is nullptr; also with their last
  /// layer if it is of the classes `class_names`.
  Fit(const Examples& examples,
      const ClassifyOptions& options,
      const Compute& compute,
      const Rng& rng,
      const Pretrained* weights = nullptr,
      const std::vector<std::string>& class_names = {});

  /// The minibatches that it trains on.
  ExampleBatches& batches() { return batches_; }
  /// Makes the training step number `step`, 0 to options.steps - 1, on batches().at(step).
  void step(const Batch& batch, int64_t step);
  /// The optimiser, the average and the losses: see Learner for reading, saving and loading them.
  Learner& learner() { return *learner_; }
  /// The averaged network.
  ClassifierNet& network() { return *average_; }
  const Standardise& standardise() const { return standardise_; }

 private:
  void load_weights(const Pretrained& weights, const std::vector<std::string>& class_names);
  void choose_trained();
  torch::Tensor logits(const torch::Tensor& images, int64_t step);
  torch::nn::Module& trained(ClassifierNet& network) const;

  const Examples& examples_;
  ClassifyOptions options_;
  Compute compute_;
  Rng rng_;
  Standardise standardise_;
  std::shared_ptr<ClassifierNet> network_, average_;
  std::unique_ptr<Learner> learner_;
  ExampleBatches batches_;
  Loss loss_;
};

/// How a classifier reads images, and what its outputs mean.
struct Reading {
  int value_max = 255;  ///< the pixel value that is white
  Standardise standardise{};
  bool exclusive = true;  ///< as in Examples
};

/// Returns the probabilities [N,C] of images [N,1,H,W] as stored, or of features [N,D], in f32 on
/// the CPU.
torch::Tensor probabilities(ClassifierNet& network,
                            const torch::Tensor& images,
                            const Reading& reading,
                            const Compute& compute);

/// Returns the same of a part of a store, whose images are read in blocks.
torch::Tensor probabilities(ClassifierNet& network,
                            const Store& store,
                            const std::string& part,
                            const Reading& reading,
                            const Compute& compute);

/// Returns the share of the side that images of a training step have: it grows in four stages of
/// equal length from start_scale to 1 (progressive sizes, Tan and Le 2021, "EfficientNetV2",
/// algorithm 1, without its growing augmentation).
double training_scale(const ClassifyOptions& options, int64_t step);

/// Returns the number of images of this size that go through a network at a time, outside training.
int64_t images_at_a_time(int64_t height, int64_t width);

/// Returns the features [N,D] of images [N,1,H,W] as stored, in f32 on the CPU.
torch::Tensor features(ClassifierNet& network,
                       const torch::Tensor& images,
                       const Reading& reading,
                       const Compute& compute);

/// Returns the same of a part of a store, whose images are read in blocks.
torch::Tensor features(ClassifierNet& network,
                       const Store& store,
                       const std::string& part,
                       const Reading& reading,
                       const Compute& compute);

/// Returns probabilities [N,C] as [row][class].
std::vector<std::vector<double>> to_rows(const torch::Tensor& probabilities);

}  // namespace evenray
