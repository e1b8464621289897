// SPDX-License-Identifier: Apache-2.0
#pragma once
// The boxes of detectors in the form that a study compares.
#include "metrics/detection/coco_files.hpp"
#include "metrics/scored.hpp"

namespace evenray {

/// Returns ap50, ap, froc and image_auroc of a class (see detection_measure()). If several classes
/// have boxes, adds NAME.ap50 and NAME.ap of each, and macro.ap50 and macro.ap: their means.
///
/// `folds`: the test images of each fold with the boxes that its own model found. All values are
/// means over the folds, which are strata. Images are known by their names. Throws 65 if the folds
/// have other classes, an image without a name or one name twice, or if they lack the class.
Scored score_boxes(std::vector<CocoBoxes> folds, const std::string& class_name);

}  // namespace evenray
