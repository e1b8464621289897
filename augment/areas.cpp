// SPDX-License-Identifier: Apache-2.0
#include "augment/areas.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace evenray {
namespace {

/// A rectangle with its centre at a random pixel of `from`.
cv::Rect draw_rectangle(const cv::Rect& from, int half_width, int half_height, Rng& rng) {
  const int y = from.y + static_cast<int>(rng.below(static_cast<uint64_t>(from.height)));
  const int x = from.x + static_cast<int>(rng.below(static_cast<uint64_t>(from.width)));
  return {x - half_width, y - half_height, 2 * half_width, 2 * half_height};
}

cv::Rect draw_square(const cv::Rect& from, double half_side, Rng& rng) {
  const int half = static_cast<int>(half_side);
  return draw_rectangle(from, half, half, rng) & from;
}

void add_area(std::vector<Operation>& operations, Operation operation, const cv::Rect& area) {
  if (area.empty()) return;
  if (operation.op == Op::cutout) operation.value = 0;
  operation.area = area;
  operations.push_back(operation);
}

}  // namespace

cv::Rect pixels_of(const Box& box, cv::Size size) {
  const auto pixel = [](float edge, int side) {
    // Written so that what is not a number becomes 0.
    return edge > 0 ? static_cast<int>(std::min(edge, static_cast<float>(side))) : 0;
  };
  const cv::Point from(pixel(std::floor(box.x0), size.width),
                       pixel(std::floor(box.y0), size.height));
  const cv::Point to(pixel(std::ceil(box.x1), size.width), pixel(std::ceil(box.y1), size.height));
  return {from, to};
}

std::vector<Operation> draw_areas(const PolicySlot& slot,
                                  const Operation& drawn,
                                  const std::vector<Box>& boxes,
                                  cv::Size size,
                                  Rng rng) {
  constexpr double kShareOfBoxes = 3;
  const cv::Rect image({}, size);
  std::vector<Operation> operations;
  std::vector<cv::Rect> places;
  for (const Box& box : boxes) {
    const cv::Rect pixels = pixels_of(box, size);
    if (!pixels.empty()) places.push_back(pixels);
  }
  if (slot.target == Target::each_box) {
    rng.shuffle(places);
    for (const cv::Rect& place : places) {
      if (!rng.chance(slot.probability / kShareOfBoxes)) continue;
      add_area(
          operations, drawn, slot.op == Op::cutout ? draw_square(place, drawn.value, rng) : place);
    }
    return operations;
  }
  assert(slot.op == Op::cutout);
  if (slot.target == Target::image) {
    add_area(operations, drawn, draw_square(image, drawn.value, rng));
  } else if (!places.empty()) {
    const cv::Rect& place = places[rng.below(places.size())];
    const auto half = [&](int side) { return static_cast<int>(drawn.value * (side / 2.)); };
    add_area(operations,
             drawn,
             draw_rectangle(place, half(place.width), half(place.height), rng) & image);
  }
  return operations;
}

}  // namespace evenray
