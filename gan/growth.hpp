// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// How far a growing network has come: images of `level` doublings of the base, its last level
/// mixed with the one below by alpha (0: only that below, 1: only the new one).
struct Growth {
  int level = 0;
  double alpha = 1;
  bool fading() const { return alpha < 1; }
};

/// What a training step is made with.
struct Moment {
  Growth growth;
  int64_t minibatch = 0;
  int64_t shown = 0;       ///< real images shown before the step
  double lr_factor = 1;    ///< of both learning rates
  double label_share = 1;  ///< how far labels, if there are any, count, 0..1
  bool restarts = false;   ///< the optimisers forget their moments before the step
};

/// A run of steps of one level and minibatch.
struct Stage {
  int level = 0;
  bool fades = false;  ///< alpha rises from 0 to 1 over the stage, linearly in images shown
  int64_t first_step = 0, steps = 0, minibatch = 0, first_image = 0;
};

/// The order of training (Karras et al. 2018, appendix A): the base is stabilised, then each level
/// is faded in and stabilised, stage_kimg thousand images each, the last one final_kimg; all of
/// them stretched alike to total_kimg where that is not 0. A family that does not grow, and one
/// that begins with trained networks, has one stage at the last level.
class Schedule {
 public:
  Schedule(const GanOptions& options, int doublings);
  const std::vector<Stage>& stages() const { return stages_; }
  int64_t steps() const;
  /// step: 0 to steps() - 1, or steps() for what has been shown at the end.
  Moment at(int64_t step) const;
  double kimg(int64_t step) const { return static_cast<double>(at(step).shown) / 1000; }

 private:
  void add(int level, bool fades, double kimg);

  GanOptions options_;
  double stretch_ = 1;
  std::vector<Stage> stages_;
};

}  // namespace evenray
