// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rows that a classifier is trained on, and their order. Internal to classifier.
#include <torch/types.h>

#include <deque>
#include <future>
#include <limits>
#include <string>
#include <vector>

#include "classifier/options.hpp"
#include "core/rng.hpp"
#include "dataset/store/store.hpp"
#include "nn/batches.hpp"
#include "nn/loader.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// The training data of a classifier, on its device.
struct Examples {
  /// [N,1,H,W] as stored, or features [N,D] that a head is trained on. Undefined: images are read
  /// from `stored` when they are used.
  torch::Tensor images;
  torch::Tensor labels;   ///< [N,C] f32: 1 yes, 0 no, -1 unknown
  torch::Tensor weights;  ///< [N] f32, factors of the rows' losses
  int value_max = 255;    ///< the pixel value that is white
  bool exclusive = true;  ///< true: one class per row, softmax; false: one sigmoid per class
  const Store* stored = nullptr;  ///< must outlive this object
  std::string part{};             ///< of `stored`

  int64_t rows() const { return labels.size(0); }
};

/// Returns the rows of a part with these images, or features.
Examples examples_of(const Store& store,
                     const std::string& part,
                     torch::Tensor images,
                     torch::Device device);
/// Returns the rows of a part with their images in memory, if these take at most `resident_bytes`,
/// else reads images when they are used.
Examples load_examples(const Store& store,
                       const std::string& part,
                       torch::Device device,
                       double resident_bytes = std::numeric_limits<double>::infinity());

/// Throws 65 if the images of a store are too small for an architecture, when they are shrunk to
/// `scale` of their sides.
void check_size(const Store& store, const std::string& arch, double scale = 1);
/// Measures the pixels of all examples, which are images.
Standardise measure_pixels(const Examples& examples);

/// Returns the examples, features, and after them new ones with the weight 1: of exclusive classes
/// those with which smote() fills each class up to the size of the largest, else those of
/// mlsmote().
Examples filled_with_smote(const Examples& examples, const Rng& rng);

/// Minibatches of examples. Images that are not in memory are read some steps ahead, in threads of
/// their own. classify.sampling says how rows are drawn: natural: in
/// shuffled epochs; balanced, square-root: a class, with equal shares or in proportion to the
/// square root of its rows, then one of its rows (Kang et al. 2020, section 4.1); repeat-factor: a
/// row, in proportion to the largest factor max(1, sqrt(t / f)) of its classes, where f is the
/// share of rows of a class and t is classify.repeat_threshold (Gupta et al. 2019, section 5.1).
/// The examples must outlive it.
class ExampleBatches final : public Batches {
 public:
  ExampleBatches(const Examples& examples, const ClassifyOptions& options, const Rng& rng);
  Batch at(int64_t step) override;
  /// Seconds that at() waited for images so far.
  double waited_s() const { return waited_s_; }

 private:
  std::vector<int64_t> rows(int64_t step);
  /// Starts to read the images of `step` and of those after it.
  void fill_ahead(int64_t step);

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

  /// The images of a step that is to come.
  struct Ahead {
    int64_t step;
    std::vector<int64_t> rows;
    std::future<torch::Tensor> images;
  };
  std::deque<Ahead> ahead_;
  double waited_s_ = 0;
};

}  // namespace evenray
