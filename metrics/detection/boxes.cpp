// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/boxes.hpp"

#include <algorithm>

namespace evenray {

double overlap(const PixelBox& found, const PixelBox& truth, bool crowd) {
  const double width =
      std::min(found.x + found.width, truth.x + truth.width) - std::max(found.x, truth.x);
  const double height =
      std::min(found.y + found.height, truth.y + truth.height) - std::max(found.y, truth.y);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (crowd ? found.area() : found.area() + truth.area() - both);
}

double overlap(const FoundBox& found, const TrueBox& truth) {
  if (found.mask && truth.mask) return overlap(*found.mask, *truth.mask, truth.crowd);
  return overlap(found.box, truth.box, truth.crowd);
}

}  // namespace evenray
