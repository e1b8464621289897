// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/page/chart.hpp"

namespace evenray {

/// Places values along one side of a plot; inside of core only.
struct AxisScale {
  double low = 0, high = 1;
  std::vector<double> ticks;  ///< within low..high, rising
  double from = 0, to = 1;    ///< where low and high lie in the drawing

  double place(double value) const { return from + (value - low) / (high - low) * (to - from); }
  std::string tick_text(double tick) const;
};

/// The fixed ends of `axis`, the others from the finite ones of `values`, widened to round values.
AxisScale make_scale(const Axis& axis, const std::vector<double>& values, int wanted_ticks);

/// Where labels go that would like to stand at `wanted` and need `apart` between one another: as
/// near as can be, in the same order, within low..high where they fit.
std::vector<double> spread_labels(const std::vector<double>& wanted,
                                  double apart,
                                  double low,
                                  double high);

}  // namespace evenray
