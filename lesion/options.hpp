// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// [lesion] of a configuration: how the sources lesion:... of `balance` paste lesions.
struct LesionOptions {
  /// The metadata columns in which target and donor must have equal values, see match_columns()
  /// (dataset/match_columns.hpp).
  std::vector<std::string> match;
  std::string blend = "poisson";  ///< poisson or feather (see blend.hpp)
  double context = 2;             ///< side of the patch, in longer sides of its box: 1.5 to 4
  double move = .1;       ///< largest move of a place, in sides of the image's content: 0 to .5
  double tolerance = .2;  ///< largest relative difference of local mean and gradient: .01 to 1
  double angle_deg = 20;  ///< largest difference of edge directions: 0 to 90
  double mix_min = .5;    ///< a lesion is mixed with its target at mix_min to 1: .01 to 1
  int64_t targets = 16;   ///< images that are tried for a lesion: 1 to 1000
  double likeness = .8;   ///< least correlation of the surroundings: -1 to .99
  int64_t places = 100;   ///< places that are tried in each: 1 to 10000

  void fields(Fields& f);
  /// Throws 78 for a value out of range, naming the key as the user writes it.
  void check() const;
};

}  // namespace evenray
