// SPDX-License-Identifier: Apache-2.0
#pragma once
// All values of a detector on a set of images, with intervals.
#include <string>

#include "core/json.hpp"
#include "metrics/detection/detection_measure.hpp"
#include "metrics/resampling.hpp"

namespace evenray {

/// Returns {"schema","images","style","overlap","iou_type","folds","classes":[{"name","boxes",
/// "images","groups","found"}],"values":{key:value},"ci":{key:[low,high]},"froc":{"hit","rates",
/// "curves":[{"name","fold","points":[[wrong boxes per image, sensitivity, score]]}]},"by":
/// [{"column","values":[{"value","images","boxes"}]}],"bootstrap":{"draws","groups","confidence",
/// "seed"},"cautions"}.
///
/// Keys: those of detection_measure(), in its order. Undefined values are null. `boxes`: true ones
/// that are no crowds; `images` and `groups`: those that have one. `ci`: percentile intervals of a
/// bootstrap over the groups of images (in each fold, if there are folds); null from too few groups
/// with boxes that count (see support.hpp). A mean over classes counts as its rarest class.
/// `iou_type`: "bbox" or "segm". `folds`: their names; empty without. `cautions`: texts about few
/// groups. Throws 65 as detection_measure() does.
Json detection_metrics(const CocoBoxes& boxes,
                       const Resampling& options = {},
                       const DetectionOptions& detection = {});

/// Returns tables for the terminal.
std::string detection_text(const Json& metrics);

/// Returns what detection_metrics() and compare_detections() say alike: "images" to "folds".
Json detection_facts(const CocoBoxes& boxes, const DetectionOptions& detection);
/// Returns the folds of the images, as strata of a bootstrap; empty without folds.
std::vector<std::string> strata_of(const CocoBoxes& boxes);
std::vector<std::string> groups_of_images(const CocoBoxes& boxes);

}  // namespace evenray
