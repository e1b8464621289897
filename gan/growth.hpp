// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// The state of a growing network. It draws images of `level` doublings of the base; the output of
/// that level is mixed with the level below by alpha (0: only the level below, 1: only the new
/// one).
struct Growth {
  int level = 0;
  double alpha = 1;
  bool fading() const { return alpha < 1; }
};

/// The settings of one training step.
struct Moment {
  Growth growth;
  int64_t minibatch = 0;   ///< images
  int64_t shown = 0;       ///< real images shown before the step
  double lr_factor = 1;    ///< factor of both learning rates
  double label_share = 1;  ///< weight of labels, 0..1; not used without labels
  bool restarts = false;   ///< the optimisers clear their moments before the step
};

/// Consecutive steps with one level and minibatch.
struct Stage {
  int level = 0;
  bool fades = false;  ///< alpha rises from 0 to 1 over the stage, linearly in images shown
  int64_t first_step = 0, steps = 0, minibatch = 0, first_image = 0;
};

/// The stages of a training (Karras et al. 2018, appendix A). The base is stabilised; then each
/// level is faded in and stabilised, with stage_kimg thousand images each and final_kimg for the
/// stabilisation of the last level. All stages are scaled by one factor to total_kimg, unless that
/// is 0. A family that does not grow, and a training that starts from trained networks, has one
/// stage at the last level.
class Schedule {
 public:
  Schedule(const GanOptions& options, int doublings);
  const std::vector<Stage>& stages() const { return stages_; }
  /// The total number of steps.
  int64_t steps() const;
  /// Returns the settings of a step, 0 to steps() - 1. at(steps()).shown is the total number of
  /// images shown.
  Moment at(int64_t step) const;
  /// Thousands of images shown before a step.
  double kimg(int64_t step) const { return static_cast<double>(at(step).shown) / 1000; }

 private:
  void add(int level, bool fades, double kimg);

  GanOptions options_;
  double stretch_ = 1;
  std::vector<Stage> stages_;
};

}  // namespace evenray
