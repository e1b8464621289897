// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/page/chart.hpp"
#include "core/page/chart_axis.hpp"
#include "core/page/chart_canvas.hpp"

namespace evenray {

/// What line charts and histograms share. Internal to core/page.

/// Distance in px between an axis and its labels.
constexpr double kAxisGap = 6;

/// A position in the drawing, in px.
struct Point {
  double x = 0, y = 0;
};

/// The data of a line chart and the scales that place them in the drawing.
struct LinePlot {
  const Axis &x_axis, &y_axis;
  const std::vector<Series>& series;
  const std::vector<ReferenceLine>& references;
  AxisScale x, y;

  /// Maps data coordinates to the drawing; limited to +-1e5 px.
  Point place(double at_x, double at_y) const;
  /// Returns the runs of consecutive finite points, in drawing coordinates.
  std::vector<std::vector<Point>> finite_runs(const Series& series) const;
};

/// Draws grid lines, ticks and axis labels.
void draw_axes(Canvas& canvas, const LinePlot& plot);

/// One line of the key.
struct KeyEntry {
  const Series* series;
  std::string name;
};

/// Returns one entry per name. Thin series are left out if a thick series of the same colour has an
/// entry. Series without finite points get the suffix "(no data)".
std::vector<KeyEntry> key_entries(const LinePlot& plot);

/// Returns the width in px that labels or a key need to the right of a plot, at most 270.
double key_width(const std::vector<KeyEntry>& entries);

/// Draws labels beside the last points, or a column of names in the order of the series if the
/// labels would be too far from their lines. Returns the y of its lower end.
double draw_key_beside(Canvas& canvas, const LinePlot& plot, const std::vector<KeyEntry>& entries);

/// Draws rows of names below a narrow plot. Returns the height of the rows.
double draw_key_below(Canvas& canvas,
                      const std::vector<KeyEntry>& entries,
                      double top,
                      double width);

}  // namespace evenray
