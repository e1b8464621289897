// SPDX-License-Identifier: Apache-2.0
#pragma once
// Weights of two-stage detectors and their backbones that were trained before.
#include <array>
#include <map>
#include <string>

#include "nn/pretrained.hpp"
#include "rcnn/faster_rcnn.hpp"

namespace evenray {

/// The kind, in its metadata, of a file with a two-stage detector.
inline constexpr const char* kRcnnKind = "two-stage detector";

/// The weights of a file that tools/convert-weights made of torchvision's.
struct RcnnWeights {
  Path path;
  std::string arch;     ///< fasterrcnn_resnet50_fpn, maskrcnn_resnet50_fpn or fasterrcnn_vgg16
  int64_t classes = 0;  ///< of objects, without torchvision's class 0
  std::string digest;
  double norm_epsilon = 1e-5;                 ///< see RcnnOptions
  std::array<double, 3> mean{}, deviation{};  ///< see RcnnOptions
  std::map<std::string, torch::Tensor> tensors;

  /// Copies the tensors into a network. The last layers stay as they are if the network has another
  /// number of classes; returns whether they were copied. Throws 65, naming the tensor, if one is
  /// missing, has another shape or is not finite.
  bool load(RcnnNet& network) const;
};

/// Reads such a file. Throws 66 if it does not exist, 65 if it is damaged or another file.
RcnnWeights read_rcnn_weights(const Path& path);
/// The same of a file that was read before. `path`: for messages.
RcnnWeights rcnn_weights(const Path& path, TensorFile file);

/// Copies the weights of a classifier into the backbone of a network of the same architecture. A
/// first layer of one channel becomes three thirds of it. Throws 65 as RcnnWeights::load().
void load_trunk(RcnnNet& network, const Pretrained& weights);

}  // namespace evenray
