// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values of the boxes of some sizes, and of the images that share the value of a column.
#include <string_view>

#include "core/json.hpp"
#include "metrics/detection/coco_files.hpp"
#include "metrics/detection/measure.hpp"

namespace evenray {

struct DetectionOptions;

/// Areas in square pixels.
struct SizeRange {
  std::string name;
  double above = 0, at_most = 0;  ///< the first is outside, the second inside
};

/// What boxes and images are divided by.
struct Division {
  std::vector<SizeRange> sizes;                  ///< COCO's three, and quarters of the true boxes
  std::vector<std::vector<std::string>> values;  ///< [column], sorted
};
/// Quarters hold equally many true boxes that are neither crowds nor difficult, but for equal
/// areas.
Division division_of(const CocoBoxes& boxes);

/// Returns box_size=NAME.recall for each size, then COLUMN=VALUE.ap50 (VOC's styles:
/// COLUMN=VALUE.ap, at their overlap) and COLUMN=VALUE.recall for each value of each column.
///
/// `recall` is the share of true boxes of all classes together that boxes hit by the FROC rule
/// "overlap of options.overlap or more", if of each class those count whose score is as high as at
/// 1 wrong box per image, or higher. These scores are found once in all `images`, so that values
/// share them. Undefined without boxes.
Measure by_value_measure(const std::vector<ScoredImage>& images,
                         const CocoBoxes& all,
                         const Division& division,
                         const DetectionOptions& options,
                         int threads);

/// Returns [{"column","values":[{"value","images","boxes"}]}], sizes first, as column "box_size";
/// `images`: with such a box, or of such a value; `boxes`: true ones that must be found.
Json division_json(const CocoBoxes& boxes, const Division& division);

}  // namespace evenray
