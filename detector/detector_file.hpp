// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the file of a trained detector says. Internal to detector.
#include <optional>
#include <string>
#include <vector>

#include "detector/box_model.hpp"
#include "nn/loader.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// The kind, in its metadata, of a file with a trained detector.
inline constexpr const char* kDetectorKind = "detector";

/// A checkpoint or a packed model.
struct DetectorFile {
  Path path;
  TensorFile file;        ///< the averaged weights have the prefix "ema."
  DetectOptions options;  ///< of the training
  std::vector<std::string> class_names;
  int height = 0, width = 0, bits = 8, value_max = 255;
  Standardise standardise;
  PixelInput pixels;                  ///< of a two-stage network
  std::string digest;                 ///< of its tensors
  bool in_bf16 = false;               ///< whether it was trained in bf16
  std::string fit;                    ///< of a packed model, see pack_detector(); may be empty
  std::optional<double> shown_score;  ///< of a packed model, see Detector::shown_score()
  Json card;                          ///< of a packed model, see Detector::card()
};

/// Reads a run folder, a checkpoint or a packed model. Throws 66 if it does not exist, 65 if it is
/// damaged or not a detector.
DetectorFile read_detector_file(const Path& path);
/// The same of a file that was read before.
DetectorFile detector_file(const Path& path, TensorFile file);

}  // namespace evenray
