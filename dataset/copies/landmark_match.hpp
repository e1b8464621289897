// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "dataset/copies/landmarks.hpp"

namespace evenray {

/// How a picture a lies in a picture b.
struct Alignment {
  cv::Matx33d b_from_a;   ///< affine; takes px of a, mirrored first if `mirrored`, to px of b
  bool mirrored = false;  ///< whether b shows a mirrored left to right
  int matches = 0;        ///< number of landmarks that agree with it
};

/// Aligns two pictures by the landmarks that look alike in both: each pair of landmarks proposes a
/// turn, scale and shift (they have an angle and a size); the proposal with the most agreeing pairs
/// is refined to an affine map by least squares. No chance is involved. Nothing if fewer than 4
/// pairs agree, or if the map shrinks, enlarges or shears more than copies do. `mirrored`: whether
/// a is mirrored left to right first.
std::optional<Alignment> align(const Landmarks& a, const Landmarks& b, bool mirrored);

}  // namespace evenray
