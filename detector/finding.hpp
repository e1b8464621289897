// SPDX-License-Identifier: Apache-2.0
#pragma once
// Boxes in images and stores. Internal to detector.
#include <torch/types.h>

#include <string>
#include <vector>

#include "dataset/store/store.hpp"
#include "detector/box_model.hpp"
#include "metrics/detection/coco_files.hpp"
#include "nn/compute.hpp"
#include "nn/loader.hpp"

namespace evenray {

/// How a detector reads images.
struct ImageReading {
  int value_max = 255;  ///< the pixel value that is white
  Standardise standardise{};
  bool masks = false;  ///< networks that outline objects give their masks
  /// Boxes are also sought in the mirror image, and those of both are fused (WBF), without masks.
  bool mirrors = false;
  double least_score = 0;    ///< of fused boxes
  int64_t most_boxes = 100;  ///< fused boxes of an image
};

/// Returns the boxes found in images [N,1,H,W] as stored, see BoxModel::find().
std::vector<std::vector<FoundBox>> find_boxes(BoxModel& model,
                                              const torch::Tensor& images,
                                              const ImageReading& reading,
                                              const Compute& compute);

/// Fuses the boxes that several detectors found in the same images by weighted boxes fusion, and
/// leaves out those with a score that is too low and those that are too many. `found`: of each
/// detector, and in it of each image.
std::vector<std::vector<FoundBox>> fused(
    const std::vector<std::vector<std::vector<FoundBox>>>& found, const ImageReading& reading);

/// Returns the annotated images of a part with their true boxes, in the pixels of the store.
/// Outlines give areas where they are. `masks`: boxes have masks, see object_mask().
CocoBoxes true_boxes(const Store& store, const std::string& part, bool masks = false);

/// Adds the boxes that the network finds to the images that true_boxes() returned.
void add_found(CocoBoxes& boxes,
               BoxModel& model,
               const Store& store,
               const std::string& part,
               const ImageReading& reading,
               const Compute& compute);

}  // namespace evenray
