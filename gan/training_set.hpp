// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/growth.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// The real training images of a class (empty: of all classes) that match gan.where, on the device.
struct ClassImages {
  std::vector<int64_t> labels;  ///< class index of each image
  torch::Tensor pixels;         ///< [N,1,H,W] as stored
  int64_t count() const { return pixels.size(0); }
};

/// Throws the errors of TrainingSet() without loading images.
void check_training_set(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options);

/// The training images of a run and their order: without replacement within an epoch, shuffled
/// again for each epoch. With labels the classes alternate, each in its own order, so that both
/// players see all classes equally often.
class TrainingSet {
 public:
  /// Throws 65 for an unknown class or column, for no images, for fewer than 50 images unless
  /// gan.allow_few is set (with labels: of any class), and for labels if the store's images may
  /// have several classes; 78 for labels together with one class.
  TrainingSet(const Store& store,
              const std::string& class_name,
              const GanOptions& options,
              const Rng& rng,
              torch::Device device);

  struct Minibatch {
    torch::Tensor images;  ///< [B,1,H,W] in -1..1; with gan.mirror each is mirrored at random
    torch::Tensor labels;  ///< [B,classes] one-hot; undefined without labels
  };
  /// Returns the real images of a step.
  Minibatch minibatch(const Moment& moment, int64_t step);

  const ClassImages& images() const { return images_; }
  /// The classes of the labels, in the store's order; empty without labels.
  const std::vector<std::string>& classes() const { return classes_; }
  /// Returns the number of images of each of classes().
  std::vector<int64_t> class_counts() const;

 private:
  const GanOptions options_;
  Rng rng_;
  torch::Device device_;
  int value_max_;
  std::vector<std::string> classes_;
  ClassImages images_;
  std::vector<std::vector<int64_t>> of_class_;  ///< rows of images_; one entry without labels
  std::vector<EpochOrder> order_;               ///< one per class; a single one without labels
};

}  // namespace evenray
