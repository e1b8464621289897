// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/json.hpp"
#include "metrics/detection/masks.hpp"

namespace evenray {

/// Reads a COCO `segmentation`: a list of polygons, whose pixels are united, or run lengths
/// {"size":[height,width],"counts":text or list}. Throws 65 for anything else, for what Mask
/// refuses, and for a size that is not that of the image.
Mask coco_mask(const Json& segmentation, int64_t height, int64_t width);

/// Returns {"size","counts"} with compressed run lengths.
Json coco_segmentation(const Mask& mask);

}  // namespace evenray
