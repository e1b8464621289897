// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "metrics/detection/by_value.hpp"
#include "metrics/detection/coco_files.hpp"
#include "metrics/detection/froc.hpp"
#include "metrics/detection/measure.hpp"

namespace evenray {

/// How average precision is defined: see coco_map.hpp and voc_map.hpp.
enum class ApStyle { coco, voc07, voc12 };

/// Returns the style of a name: "coco", "voc07" or "voc12"; throws 65 for another.
ApStyle ap_style(const std::string& name);
std::string ap_style_name(ApStyle style);

struct DetectionOptions {
  ApStyle style = ApStyle::coco;
  /// Of VOC's styles, and of the recall by sizes and columns; .4 with voc12: VinBigData's metric.
  double overlap = .5;
  HitRule hit{};  ///< of FROC
};

/// Returns the average precisions of the style.
Measure average_precision_measure(const std::vector<ScoredImage>& images,
                                  const std::vector<std::string>& class_names,
                                  const DetectionOptions& options,
                                  int threads);

/// Returns all values of a detector: average precision, FROC, CLASS.image_auroc and those of
/// by_value.hpp. If the images have folds, each value is computed in each fold alone and averaged
/// over the folds in which it is defined, since scores of different models have no common order.
/// Throws 65 if an overlap is not above 0 and at most 1.
Measure detection_measure(const CocoBoxes& boxes,
                          const Division& division,
                          const DetectionOptions& options,
                          int threads);

/// Returns the folds in their order and their images; one, "", without folds.
std::vector<std::pair<std::string, std::vector<size_t>>> images_of_folds(const CocoBoxes& boxes);

}  // namespace evenray
