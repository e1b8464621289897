// SPDX-License-Identifier: Apache-2.0
#pragma once
// The pixels of an annotated object. Does not include torch.
#include "dataset/sample/sample.hpp"
#include "metrics/detection/masks.hpp"

namespace evenray {

/// Returns the pixels in the polygons of an object, as Mask::polygon() draws them; without polygons
/// that can be drawn, or if no pixel is in them, those of its rectangle, with sides rounded to
/// whole pixels.
Mask object_mask(const Box& box, int64_t height, int64_t width);

}  // namespace evenray
