// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/page/chart.hpp"

namespace evenray {

/// Maps values to positions along one side of a plot. Internal to core/page.
struct AxisScale {
  double low = 0, high = 1;
  std::vector<double> ticks;  ///< within low..high, ascending
  double from = 0, to = 1;    ///< positions of low and high in the drawing, in px

  /// Returns the position of `value` in the drawing, in px.
  double place(double value) const { return from + (value - low) / (high - low) * (to - from); }
  /// Returns the label of a tick, with as many digits as the tick spacing needs.
  std::string tick_text(double tick) const;
};

/// Returns a scale with the fixed ends of `axis`; missing ends come from the finite `values`,
/// widened to round values.
AxisScale make_scale(const Axis& axis, const std::vector<double>& values, int wanted_ticks);

/// Returns the positions of labels that should be at `wanted` but need a distance of at least
/// `apart`: as close to `wanted` as possible, in the same order, and within low..high if they fit.
std::vector<double> spread_labels(const std::vector<double>& wanted,
                                  double apart,
                                  double low,
                                  double high);

}  // namespace evenray
