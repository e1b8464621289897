// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/page/chart.hpp"
#include "core/page/chart_plot.hpp"

namespace evenray {
namespace {

constexpr double kHeight = 190, kNarrowHeight = 150, kTop = 30, kAxisHeight = 44;

struct Bins {
  std::vector<double> edges;  ///< one more than counts
  std::vector<double> counts;
};

Bins count(const std::vector<double>& values, const Axis& axis, int wanted) {
  Bins bins;
  if (values.empty()) return bins;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  bins.edges = round_ticks(axis.low.value_or(*low), axis.high.value_or(*high), wanted);
  bins.counts.resize(bins.edges.size() - 1);
  for (const double value : values) {
    const auto above = std::upper_bound(bins.edges.begin(), bins.edges.end(), value);
    // The largest value may equal the last edge; it belongs to the last bin.
    const auto bin = std::clamp<std::ptrdiff_t>(
        above - bins.edges.begin() - 1, 0, static_cast<std::ptrdiff_t>(bins.counts.size()) - 1);
    ++bins.counts[static_cast<size_t>(bin)];
  }
  return bins;
}

DrawingSize draw_bars(Canvas& canvas, bool narrow, LinePlot& plot, const Bins& bins) {
  double ticks = 0;
  for (const double tick : plot.y.ticks)
    ticks = std::max(ticks, text_width(plot.y.tick_text(tick)));
  const double width = frame_width(narrow), height = narrow ? kNarrowHeight : kHeight;
  plot.x.from = ticks + kAxisGap;
  plot.x.to = width - 20;
  plot.y.from = kTop + height;
  plot.y.to = kTop;
  draw_axes(canvas, plot);
  for (size_t i = 0; i < bins.counts.size(); ++i) {
    const double left = plot.x.place(bins.edges[i]), right = plot.x.place(bins.edges[i + 1]);
    const double top = plot.y.place(bins.counts[i]);
    if (bins.counts[i] > 0)
      canvas.rect(left + .5,
                  top,
                  std::max(right - left - 1, .5),
                  plot.y.from - top,
                  "fill " + arm_class(0));
  }
  if (bins.counts.empty())
    canvas.text(
        (plot.x.from + plot.x.to) / 2, kTop + height / 2, "no data", "soft over", Anchor::middle);
  return {width, kTop + height + kAxisHeight};
}

}  // namespace

std::string histogram(const std::string& alt,
                      const Axis& x,
                      const std::string& count_label,
                      const std::vector<double>& values,
                      int bins) {
  std::vector<double> finite;
  for (const double value : values)
    if (std::isfinite(value)) finite.push_back(value);
  const Bins counted = count(finite, x, bins);
  Axis x_axis = x;
  if (!counted.edges.empty()) {
    x_axis.low = counted.edges.front();
    x_axis.high = counted.edges.back();
  }
  const Axis y_axis{count_label, 0, {}};
  std::vector<double> heights = counted.counts;
  heights.push_back(1);  // gives the count axis a range of at least 0..1
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    LinePlot plot{x_axis,
                  y_axis,
                  {},
                  {},
                  make_scale(x_axis, finite, narrow ? 4 : 8),
                  make_scale(y_axis, heights, 4)};
    return draw_bars(canvas, narrow, plot, counted);
  });
}

}  // namespace evenray
