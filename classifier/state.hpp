// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a Classifier holds. Internal to classifier.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "classifier/network.hpp"

namespace evenray {

/// Tells images that are unlike the training images from their features: the distance of features f
/// is the root mean square of (f - mean) / deviation.
struct Novelty {
  torch::Tensor mean, deviation;  ///< [D], of the training images
  double limit = 0;               ///< the distance that 99 % of the validation images do not exceed

  /// Returns distance / limit of features [N,D].
  torch::Tensor of(const torch::Tensor& features) const;
};

struct Classifier::State {
  std::vector<std::string> class_names;
  std::map<std::string, double> thresholds;
  std::optional<Temperature> temperature;
  std::optional<Novelty> novelty;
  std::string arch, digest, store;
  bool head_only = false;  ///< only its head was trained, so that features may be kept
  std::string fit;         ///< of the training images into their size; empty: unknown
  Json card;               ///< see Classifier::card()
  int height = 0, width = 0, bits = 8;
  Reading reading;
  Compute compute;
  std::shared_ptr<ClassifierNet> net;
};

/// Throws 65 if the images or classes of a store are not those of the training.
void check_store(const Store& store, const Classifier::State& state);

/// Returns the name of a tensor of a ClassifierNet in a packed model, which is timm's.
std::string published_name(const std::string& name);

}  // namespace evenray
