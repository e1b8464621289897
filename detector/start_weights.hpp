// SPDX-License-Identifier: Apache-2.0
#pragma once
// The weights that a training starts from. Internal to detector.
#include <optional>
#include <string>

#include "detector/box_model.hpp"
#include "detector/detector_file.hpp"
#include "nn/pretrained.hpp"
#include "rcnn/weights.hpp"

namespace evenray {

/// Weights of a backbone, of a two-stage detector of torchvision, or of a detector that evenray
/// trained.
class StartWeights {
 public:
  /// Reads detect.weights. Throws 66 or 65 if they cannot be read, or are of another architecture
  /// or size.
  explicit StartWeights(const DetectOptions& options);
  const std::string& digest() const;
  PixelInput input() const;
  /// Returns how a one-stage network standardises its input; nullopt for a two-stage one.
  std::optional<Standardise> standardise() const;
  /// Copies them into a network with the same options. Of a detector with another number of
  /// classes, the last layers stay as they are; returns false then. Throws 65, naming the tensor,
  /// if one is missing, has another shape or is not finite.
  bool load(BoxModel& model) const;

 private:
  bool load_trained(BoxModel& model) const;

  bool two_stage_;
  std::string digest_;
  std::optional<Pretrained> backbone_;
  std::optional<RcnnWeights> whole_;
  std::optional<DetectorFile> trained_;
};

}  // namespace evenray
