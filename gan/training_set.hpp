// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/growth.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// The real training images of a class (empty: of all) and of gan.where, on the device.
struct ClassImages {
  std::vector<int64_t> labels;  ///< index of each one's class
  torch::Tensor pixels;         ///< [N,1,H,W] as stored
  int64_t count() const { return pixels.size(0); }
};

/// Throws what TrainingSet() throws, and loads no image.
void check_training_set(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options);

/// The images that a run learns from and their order: without replacement within an epoch,
/// reshuffled each epoch. With labels the classes take turns, each in an order of its own, so that
/// both players see all classes equally often.
class TrainingSet {
 public:
  /// Throws 65 for a class or column that the store lacks, for fewer than 50 images (of any class,
  /// with labels) unless gan.allow_few, for none, and for labels in a store whose classes do not
  /// exclude one another.
  TrainingSet(const Store& store,
              const std::string& class_name,
              const GanOptions& options,
              const Rng& rng,
              torch::Device device);

  struct Minibatch {
    torch::Tensor images;  ///< [B,1,H,W] in -1..1, half of them mirrored with gan.mirror
    torch::Tensor labels;  ///< [B,classes] one-hot; undefined without labels
  };
  Minibatch minibatch(const Moment& moment, int64_t step);

  const ClassImages& images() const { return images_; }
  /// Of the labels, in the store's order; empty without labels.
  const std::vector<std::string>& classes() const { return classes_; }
  /// Images of each of classes().
  std::vector<int64_t> class_counts() const;

 private:
  const GanOptions options_;
  Rng rng_;
  torch::Device device_;
  int value_max_;
  std::vector<std::string> classes_;
  ClassImages images_;
  std::vector<std::vector<int64_t>> of_class_;  ///< rows of images_; one entry without labels
  std::vector<EpochOrder> order_;               ///< one a class
};

}  // namespace evenray
