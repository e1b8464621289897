// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>

#include "core/page/chart.hpp"
#include "core/page/chart_plot.hpp"
#include "core/text.hpp"

namespace evenray {

Point LinePlot::place(double at_x, double at_y) const {
  // Renderers lose precision with coordinates far outside the drawing.
  constexpr double kLimit = 1e5;
  return {std::clamp(x.place(at_x), -kLimit, kLimit), std::clamp(y.place(at_y), -kLimit, kLimit)};
}

std::vector<std::vector<Point>> LinePlot::finite_runs(const Series& series) const {
  assert(series.x.size() == series.y.size());
  std::vector<std::vector<Point>> runs(1);
  for (size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
    if (std::isfinite(series.x[i]) && std::isfinite(series.y[i])) {
      runs.back().push_back(place(series.x[i], series.y[i]));
    } else if (!runs.back().empty()) {
      runs.emplace_back();
    }
  }
  if (runs.back().empty()) runs.pop_back();
  return runs;
}

void draw_axes(Canvas& canvas, const LinePlot& plot) {
  const double left = plot.x.from, right = plot.x.to, bottom = plot.y.from, top = plot.y.to;
  for (const double tick : plot.y.ticks) {
    const double y = plot.y.place(tick);
    if (y < bottom - .5) canvas.line(left, y, right, y, "grid");
    canvas.text(left - kAxisGap, y + kTextDrop, plot.y.tick_text(tick), "soft", Anchor::end);
  }
  canvas.line(left, bottom, right, bottom, "axis");
  double free_from = -INFINITY;
  for (const double tick : plot.x.ticks) {
    const double x = plot.x.place(tick);
    const std::string name = plot.x.tick_text(tick);
    canvas.line(x, bottom, x, bottom + 4, "axis");
    if (x - text_width(name) / 2 < free_from) continue;
    canvas.text(x, bottom + 18, name, "soft", Anchor::middle);
    free_from = x + text_width(name) / 2 + kAxisGap;
  }
  canvas.text((left + right) / 2, bottom + 37, plot.x_axis.label, "", Anchor::middle);
  canvas.text(0, top - 13, plot.y_axis.label);
}

namespace {

constexpr double kLabelGap = kAxisGap, kPlotHeight = 300, kNarrowPlotHeight = 230, kSquare = 340;

/// Keeps the first, lowest, highest and last of the points within half a pixel of x: the same
/// picture in fewer bytes.
std::vector<Point> without_hidden_points(const std::vector<Point>& run) {
  std::vector<Point> kept;
  for (size_t begin = 0; begin < run.size();) {
    size_t end = begin, lowest = begin, highest = begin;
    while (end < run.size() && std::abs(run[end].x - run[begin].x) < .5) {
      if (run[end].y > run[lowest].y) lowest = end;
      if (run[end].y < run[highest].y) highest = end;
      ++end;
    }
    for (const size_t i : std::set<size_t>{begin, lowest, highest, end - 1}) kept.push_back(run[i]);
    begin = end;
  }
  return kept;
}

std::string path_commands(const std::vector<Point>& points) {
  std::string out;
  for (const auto& point : points) {
    out += cat(out.empty() ? "M" : "L", px(point.x), " ", px(point.y));
  }
  return out;
}

void draw_series(Canvas& canvas, const LinePlot& plot, const Series& series) {
  const std::string colour = arm_class(series.colour);
  const std::string css_classes =
      cat("stroke ", colour, series.thin ? " thin" : "", series.dashed ? " dashed" : "");
  for (const auto& run : plot.finite_runs(series)) {
    if (series.dots) {
      for (const auto& point : run) canvas.circle(point.x, point.y, 2.5, "fill pale " + colour);
    } else if (run.size() == 1) {
      canvas.circle(run[0].x, run[0].y, series.thin ? 2 : 3, "fill " + colour);
    } else {
      canvas.path(path_commands(without_hidden_points(run)), css_classes);
    }
  }
}

void draw_reference(Canvas& canvas, const LinePlot& plot, const ReferenceLine& reference) {
  const Point from = plot.place(reference.x0, reference.y0);
  const Point to = plot.place(reference.x1, reference.y1);
  canvas.line(from.x, from.y, to.x, to.y, "reference");
}

/// Writes the name along the line: below a sloped line, towards its right end; above a horizontal
/// line unless that leaves the plot; beside a vertical line.
void draw_reference_name(Canvas& canvas, const LinePlot& plot, const ReferenceLine& reference) {
  Point from = plot.place(reference.x0, reference.y0);
  Point to = plot.place(reference.x1, reference.y1);
  if (from.x > to.x) std::swap(from, to);
  const double top = plot.y.to, bottom = plot.y.from;
  if (std::abs(from.y - to.y) < 1) {
    const double above = from.y - 5;
    const double y = above - 10 > top ? above : std::min(from.y + 14, bottom - 3);
    canvas.text(from.x + kLabelGap, y, reference.name, "soft over");
  } else if (to.x - from.x < 1) {
    const bool fits = to.x + 4 + text_width(reference.name) < plot.x.to;
    canvas.text(to.x + (fits ? 4 : -4),
                top + 12,
                reference.name,
                "soft over",
                fits ? Anchor::start : Anchor::end);
  } else {
    const double degrees = std::atan2(to.y - from.y, to.x - from.x) * 180 / M_PI;
    const double share = .72;
    const double slope = std::hypot(to.x - from.x, to.y - from.y);
    const double across_x = -(to.y - from.y) / slope, across_y = (to.x - from.x) / slope;
    canvas.text(from.x + (to.x - from.x) * share + across_x * 14,
                from.y + (to.y - from.y) * share + across_y * 14,
                reference.name,
                "soft over",
                Anchor::middle,
                degrees);
  }
}

bool equal_ranges(const Axis& x, const Axis& y) {
  return x.low && x.high && y.low && y.high && *x.low == *y.low && *x.high == *y.high;
}

DrawingSize draw_line_chart(Canvas& canvas, bool narrow, LinePlot& plot) {
  const auto entries = key_entries(plot);
  const double key_room = narrow ? 0 : key_width(entries);
  double ticks = 0;
  for (const double tick : plot.y.ticks) {
    ticks = std::max(ticks, text_width(plot.y.tick_text(tick)));
  }
  const double left = ticks + kLabelGap, top = plot.y_axis.label.empty() ? 10 : 30;
  const double last_tick =
      plot.x.ticks.empty() ? 0 : text_width(plot.x.tick_text(plot.x.ticks.back())) / 2;
  const bool square = equal_ranges(plot.x_axis, plot.y_axis);
  double plot_width = frame_width(narrow) - left - std::max(key_room, last_tick);
  double plot_height = narrow ? kNarrowPlotHeight : kPlotHeight;
  if (square) plot_width = plot_height = std::min(plot_width, kSquare);
  plot.x.from = left;
  plot.x.to = left + plot_width;
  plot.y.from = top + plot_height;
  plot.y.to = top;

  draw_axes(canvas, plot);
  canvas.begin_clip(left, top, plot_width, plot_height);
  for (const auto& reference : plot.references) draw_reference(canvas, plot, reference);
  bool empty = true;
  // Thin series first, so that thick lines are drawn over them.
  for (const bool thin : {true, false}) {
    for (const auto& one : plot.series) {
      if (one.thin == thin) draw_series(canvas, plot, one);
      empty = empty && plot.finite_runs(one).empty();
    }
  }
  canvas.end_clip();
  for (const auto& reference : plot.references) draw_reference_name(canvas, plot, reference);
  if (empty) {
    canvas.text(
        left + plot_width / 2, top + plot_height / 2, "no data", "soft over", Anchor::middle);
  }

  double height = top + plot_height + (plot.x_axis.label.empty() ? 24 : 44);
  if (narrow) {
    const double key = draw_key_below(canvas, entries, height + 14, frame_width(true));
    if (key > 0) height += 8 + key;
  } else {
    height = std::max(height, draw_key_beside(canvas, plot, entries));
  }
  return {square && !narrow ? plot.x.to + std::max(key_room, last_tick) : frame_width(narrow),
          height};
}

}  // namespace

std::string line_chart(const std::string& alt,
                       const Axis& x,
                       const Axis& y,
                       const std::vector<Series>& series,
                       const std::vector<ReferenceLine>& references) {
  std::vector<double> all_x, all_y;
  for (const auto& one : series) {
    for (size_t i = 0; i < std::min(one.x.size(), one.y.size()); ++i) {
      if (!std::isfinite(one.x[i]) || !std::isfinite(one.y[i])) continue;
      all_x.push_back(one.x[i]);
      all_y.push_back(one.y[i]);
    }
  }
  std::vector<ReferenceLine> drawn;
  for (const auto& reference : references) {
    const auto& [name, x0, y0, x1, y1] = reference;
    if (!std::isfinite(x0 + y0 + x1 + y1)) continue;
    drawn.push_back(reference);
    all_x.insert(all_x.end(), {x0, x1});
    all_y.insert(all_y.end(), {y0, y1});
  }
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    LinePlot plot{
        x, y, series, drawn, make_scale(x, all_x, narrow ? 4 : 6), make_scale(y, all_y, 5)};
    return draw_line_chart(canvas, narrow, plot);
  });
}

}  // namespace evenray
