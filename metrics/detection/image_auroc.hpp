// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "metrics/detection/measure.hpp"

namespace evenray {

/// The images as rows of a classifier of one class.
struct ImageRows {
  std::vector<size_t> images;  ///< that have a true box of the class, or neither that nor a crowd
  std::vector<double> scores;  ///< the highest of the class in the image; 0 without found boxes
  std::vector<uint8_t> labels;
  std::vector<std::string> groups;
  int64_t boxes = 0;  ///< true ones in all images that are no crowds
  int64_t found = 0;
};
ImageRows image_rows(const std::vector<ScoredImage>& images, size_t class_index);

/// Returns CLASS.image_auroc: the AUROC of the highest score in an image for whether it has a box.
Measure image_auroc_measure(const std::vector<ScoredImage>& images,
                            const std::vector<std::string>& class_names);

}  // namespace evenray
