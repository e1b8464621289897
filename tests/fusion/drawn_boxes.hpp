// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/rng.hpp"
#include "fusion/fusion.hpp"

namespace evenray {

/// Returns boxes of one class around `objects` places of a square image, with different scores.
inline std::vector<FoundBox> drawn_boxes(size_t count, size_t objects, double side, uint64_t seed) {
  Rng rng(seed);
  std::vector<PixelBox> places(objects);
  for (auto& place : places)
    place = {rng.uniform() * side,
             rng.uniform() * side,
             20 + rng.uniform() * 60,
             30 + rng.uniform() * 40};
  std::vector<FoundBox> out(count);
  for (auto& found : out) {
    const PixelBox& place = places[rng.below(objects)];
    found.box = {place.x + rng.uniform() * 8,
                 place.y + rng.uniform() * 8,
                 place.width + rng.uniform() * 6,
                 place.height + rng.uniform() * 6};
    found.score = rng.uniform();
  }
  return out;
}

}  // namespace evenray
