// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/page/chart.hpp"
#include "core/page/chart_axis.hpp"
#include "core/page/chart_canvas.hpp"

namespace evenray {

/// Between an axis and what is written beside it.
constexpr double kAxisGap = 6;

/// What the parts of a line chart share; inside of core only.
struct Point {
  double x = 0, y = 0;
};

struct LinePlot {
  const Axis &x_axis, &y_axis;
  const std::vector<Series>& series;
  const std::vector<ReferenceLine>& references;
  AxisScale x, y;

  Point place(double at_x, double at_y) const;
  /// Runs of finite points in the drawing; each gap starts a new run.
  std::vector<std::vector<Point>> finite_runs(const Series& series) const;
};

/// Grid, ticks and labels.
void draw_axes(Canvas& canvas, const LinePlot& plot);

struct KeyEntry {
  const Series* series;
  std::string name;
};

/// One entry a name; runs that share the colour of a thicker line are explained by it.
std::vector<KeyEntry> key_entries(const LinePlot& plot);

/// The room that labels or a key need to the right of a plot, at most 270 px.
double key_width(const std::vector<KeyEntry>& entries);

/// Labels beside the last points, or a column of names in the order of the series where labels
/// would stand too far from their lines. Gives the lowest y it takes.
double draw_key_beside(Canvas& canvas, const LinePlot& plot, const std::vector<KeyEntry>& entries);

/// Rows of names below a narrow plot; gives the height they take.
double draw_key_below(Canvas& canvas,
                      const std::vector<KeyEntry>& entries,
                      double top,
                      double width);

}  // namespace evenray
