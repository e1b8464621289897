// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operations of a policy that change an area of an image. All that is random about them is drawn
// before they are applied, so that a recipe says all of it.
#include <opencv2/core.hpp>
#include <vector>

#include "augment/policy.hpp"

namespace evenray {

/// Returns the pixels that a box covers, if only in part. (Where an edge is a whole number, the
/// published code of Zoph et al. 2020 takes one more row or column.)
cv::Rect pixels_of(const Box& box, cv::Size size);

/// Draws the operations that a slot with another target than the image, or with Cutout, stands for;
/// the areas are those that are not empty.
/// - Target::image (Cutout only): a square with a centre anywhere in the image; what is outside the
///   image is cut off.
/// - Target::each_box: each box, with a third of the slot's probability, on its own; the order of
///   the boxes is random, the sign of the value the same for all. Cutout: a square as above, of the
///   box.
/// - Target::one_box (Cutout only): a rectangle with a centre anywhere in one of the boxes, not
///   larger than `drawn.value` of the width and the height of that box. It may reach out of the
///   box.
/// `drawn`: of binned_operation(). `boxes`: where they are in the image that the operations are
/// applied to; nothing is done in boxes if there are none.
std::vector<Operation> draw_areas(const PolicySlot& slot,
                                  const Operation& drawn,
                                  const std::vector<Box>& boxes,
                                  cv::Size size,
                                  Rng rng);

}  // namespace evenray
