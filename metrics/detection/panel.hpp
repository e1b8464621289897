// SPDX-License-Identifier: Apache-2.0
#pragma once
// All values of a detector on a set of images, with intervals.
#include <string>

#include "core/json.hpp"
#include "metrics/detection/coco_files.hpp"
#include "metrics/resampling.hpp"

namespace evenray {

/// Returns {"schema","images","classes":[{"name","boxes","images","groups","found"}],"values":{key:
/// value},"ci":{key:[low,high]},"bootstrap":{"draws","groups","confidence","seed"},"cautions"}.
///
/// Keys: those of CocoMap, and CLASS.image_auroc: the AUROC of the highest score in an image (0
/// without boxes) for whether it has a true box of the class; images that only have a crowd of it
/// are left out. Undefined values are null. `boxes`: true ones that are no crowds; `images` and
/// `groups`: those that have one. `ci`: percentile intervals of a bootstrap over the groups of
/// images; null from too few groups with boxes that count (see support.hpp). A mean over classes
/// counts as its rarest class. `cautions`: texts about few groups.
Json detection_metrics(const CocoBoxes& boxes, const Resampling& options = {});

/// Returns tables for the terminal.
std::string detection_text(const Json& metrics);

}  // namespace evenray
