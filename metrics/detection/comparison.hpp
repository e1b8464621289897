// SPDX-License-Identifier: Apache-2.0
#pragma once
// Differences between detectors on the same images.
#include "metrics/detection/panel.hpp"

namespace evenray {

/// A detector's boxes, read with the same true boxes and fields as those of the others.
struct NamedBoxes {
  std::string name;
  CocoBoxes boxes;
};

/// Returns {"schema","images","style","overlap","iou_type","folds","names","bootstrap","cautions",
/// "comparisons":[{"name","differences":{key:{"first","second","difference","ci":[low,high],"p"}}}]}.
///
/// There is one comparison for each detector but the first. `difference`: its value minus that of
/// the first. Each bootstrap draw uses the same images for all detectors. `p`: two-sided bootstrap
/// p value, not adjusted for multiple tests (see difference_json()). Keys are those of
/// detection_metrics(). Throws 65 for fewer than two detectors, for others than the first with
/// other images, classes or true boxes, and as detection_measure() does.
Json compare_detections(const std::vector<NamedBoxes>& detectors,
                        const Resampling& options = {},
                        const DetectionOptions& detection = {});

/// Returns tables for the terminal.
std::string detection_comparison_text(const Json& comparison);

}  // namespace evenray
