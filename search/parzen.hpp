// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/rng.hpp"
#include "search/space.hpp"

namespace evenray {

/// A density over the values of one dimension, from values that were tried: a mixture of one kernel
/// per value and one for the whole range (Bergstra et al. 2011, section 4). A range has normal
/// distributions that are cut off at its bounds; the deviation of each is the distance to the
/// farther neighbour, at least range / min(100, kernels + 1). Choices have kernels that prefer
/// their word. With more than 25 values the older ones weigh less. The numbers are those of Optuna
/// 4's TPESampler with its defaults (univariate, consider_magic_clip).
class ParzenDensity {
 public:
  /// `values`: in the order in which they were tried. `dimension` must outlive this object.
  ParzenDensity(const Dimension& dimension, const std::vector<double>& values);
  double log_density(double value) const;
  double draw(Rng& rng) const;

 private:
  /// Returns the probability that a choice has in a kernel.
  double choice_share(size_t kernel, size_t choice) const;

  const Dimension& dimension_;
  std::vector<double> centres_, deviations_, weights_;  ///< per kernel; the last: the whole range
};

/// Proposes the next point by the tree-structured Parzen estimator: each dimension takes, of 24
/// values drawn from the density of the best points, the one with the highest ratio to the density
/// of the others. `tried`: points in the order in which they were tried; `scores`: of each, the
/// larger the better (NaN: the worst). The best are a tenth of the points, at most 25 (Optuna's
/// gamma). There must be a point.
Point propose(const std::vector<Dimension>& space,
              const std::vector<Point>& tried,
              const std::vector<double>& scores,
              Rng rng);

}  // namespace evenray
