// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace evenray {

/// A network that maps images to feature vectors. Implemented in extractor.hpp for TorchScript
/// networks and in the classifier folder for its own networks.
class Features {
 public:
  virtual ~Features() = default;
  /// Name of the network; does not contain a path.
  virtual std::string name() const = 0;
  /// SHA-256 digest that identifies the network.
  virtual std::string digest() const = 0;
  /// Digest of the store that it was trained on; empty if it was not trained on a store.
  virtual std::string store() const { return ""; }
  /// Returns the features [N,D] of N single-channel u8 or u16 images of one size, as f32 on the
  /// CPU, all finite. Throws 65 for images that the network does not accept.
  virtual torch::Tensor of(const std::vector<cv::Mat>& images) const = 0;
};

}  // namespace evenray
