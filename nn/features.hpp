// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace evenray {

/// Images -> vectors that a network saw in them. Implemented here for foreign networks
/// (extractor.hpp), by the classifier room for its own.
class Features {
 public:
  virtual ~Features() = default;
  /// What it is, not where it lies.
  virtual std::string name() const = 0;
  /// SHA-256 that tells it from every other one.
  virtual std::string digest() const = 0;
  /// Digest of the store that it learned from; empty where that is none.
  virtual std::string store() const { return ""; }
  /// [N,D] f32 on the CPU, all finite, of single-channel u8 or u16 images of one size. Throws 65
  /// for images that it cannot take.
  virtual torch::Tensor of(const std::vector<cv::Mat>& images) const = 0;
};

}  // namespace evenray
