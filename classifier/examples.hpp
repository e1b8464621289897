// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rows that a classifier is trained on, and their order. Internal to classifier.
#include <torch/types.h>

#include <string>
#include <vector>

#include "classifier/options.hpp"
#include "core/rng.hpp"
#include "dataset/store/store.hpp"
#include "nn/batches.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// The training data of a classifier, on its device.
struct Examples {
  torch::Tensor images;   ///< [N,1,H,W] as stored, or features [N,D] that a head is trained on
  torch::Tensor labels;   ///< [N,C] f32: 1 yes, 0 no, -1 unknown
  torch::Tensor weights;  ///< [N] f32, factors of the rows' losses
  int value_max = 255;    ///< the pixel value that is white
  bool exclusive = true;  ///< true: one class per row, softmax; false: one sigmoid per class
};

/// Returns the rows of a part with these images, or features.
Examples examples_of(const Store& store,
                     const std::string& part,
                     torch::Tensor images,
                     torch::Device device);
/// Loads all rows of a part.
Examples load_examples(const Store& store, const std::string& part, torch::Device device);

/// Returns the examples, features of exclusive classes, and after them those with which smote()
/// fills each class up to the size of the largest. Their weight is 1.
Examples filled_with_smote(const Examples& examples, const Rng& rng);

/// Minibatches of resident examples. classify.sampling says how rows are drawn: natural: in
/// shuffled epochs; balanced, square-root: a class, with equal shares or in proportion to the
/// square root of its rows, then one of its rows (Kang et al. 2020, section 4.1); repeat-factor: a
/// row, in proportion to the largest factor max(1, sqrt(t / f)) of its classes, where f is the
/// share of rows of a class and t is classify.repeat_threshold (Gupta et al. 2019, section 5.1).
/// The examples must outlive it.
class ExampleBatches final : public Batches {
 public:
  ExampleBatches(const Examples& examples, const ClassifyOptions& options, const Rng& rng);
  Batch at(int64_t step) override;

 private:
  std::vector<int64_t> rows(int64_t step);

  /// Rows that are drawn equally often.
  struct Stratum {
    std::vector<int64_t> rows;
    double share;  ///< of the draws, relative to the other strata
  };

  const Examples& examples_;
  int64_t minibatch_;
  Rng rng_;
  EpochOrder order_;
  std::vector<Stratum> strata_;  ///< empty: shuffled epochs
};

}  // namespace evenray
