// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>

#include "core/page/chart_plot.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr double kSwatch = 18, kKeyGap = 6, kKeyDistance = 14, kMaxKeyWidth = 270;

void draw_swatch(Canvas& canvas, double x, double y, const Series& series) {
  canvas.path(cat("M", px(x), " ", px(y), "L", px(x + kSwatch), " ", px(y)),
              cat("stroke ", arm_class(series.colour), series.dashed ? " dashed" : ""));
}

/// Draws a column of swatches and names, from `top` downwards.
void draw_column(
    Canvas& canvas, const std::vector<KeyEntry>& entries, double x, double top, double width) {
  double y = top;
  for (const auto& entry : entries) {
    draw_swatch(canvas, x, y, *entry.series);
    canvas.text(
        x + kSwatch + kKeyGap, y + kTextDrop, fitted(entry.name, width - kSwatch - kKeyGap));
    y += kLineHeight + 2;
  }
}

/// Draws labels beside the last points. Returns false and draws nothing if a label would be too far
/// from its line.
bool draw_labels_at_lines(Canvas& canvas,
                          const LinePlot& plot,
                          const std::vector<KeyEntry>& entries,
                          double width) {
  std::vector<Point> ends;
  std::vector<double> wanted;
  const double left = plot.x.from, right = plot.x.to, top = plot.y.to, bottom = plot.y.from;
  for (const auto& entry : entries) {
    const auto runs = plot.finite_runs(*entry.series);
    if (runs.empty()) return false;
    const Point end = runs.back().back();
    if (end.x < left + .9 * (right - left) || end.x > right + 1 || end.y < top - 1 ||
        end.y > bottom + 1) {
      return false;
    }
    ends.push_back(end);
    wanted.push_back(end.y);
  }
  const auto placed = spread_labels(wanted, kLineHeight, top, bottom);
  for (size_t i = 0; i < placed.size(); ++i) {
    if (std::abs(placed[i] - wanted[i]) > 1.5 * kLineHeight) return false;
  }
  for (size_t i = 0; i < placed.size(); ++i) {
    const double x = right + kKeyDistance;
    if (std::abs(placed[i] - wanted[i]) > 3 || ends[i].x < right - 3) {
      canvas.line(ends[i].x + 3, ends[i].y, x - 3, placed[i], "leader");
    }
    draw_swatch(canvas, x, placed[i], *entries[i].series);
    canvas.text(x + kSwatch + kKeyGap,
                placed[i] + kTextDrop,
                fitted(entries[i].name, width - kSwatch - kKeyGap));
  }
  return true;
}

}  // namespace

std::vector<KeyEntry> key_entries(const LinePlot& plot) {
  std::set<size_t> thick;
  for (const auto& one : plot.series) {
    if (!one.thin && !one.name.empty()) thick.insert(one.colour);
  }
  std::set<std::string> seen;
  std::vector<KeyEntry> out;
  for (const auto& one : plot.series) {
    if (one.name.empty() || (one.thin && thick.contains(one.colour))) continue;
    if (!seen.insert(one.name).second) continue;
    out.push_back({&one, one.name + (plot.finite_runs(one).empty() ? " (no data)" : "")});
  }
  return out;
}

double key_width(const std::vector<KeyEntry>& entries) {
  double names = 0;
  for (const auto& entry : entries) names = std::max(names, text_width(entry.name));
  return entries.empty() ? 0 : std::min(kMaxKeyWidth, kKeyDistance + kSwatch + kKeyGap + names);
}

double draw_key_beside(Canvas& canvas, const LinePlot& plot, const std::vector<KeyEntry>& entries) {
  const double width = key_width(entries) - kKeyDistance;
  if (draw_labels_at_lines(canvas, plot, entries, width)) return plot.y.from;
  draw_column(canvas, entries, plot.x.to + kKeyDistance, plot.y.to + kLineHeight / 2, width);
  return plot.y.to + static_cast<double>(entries.size()) * (kLineHeight + 2);
}

double draw_key_below(Canvas& canvas,
                      const std::vector<KeyEntry>& entries,
                      double top,
                      double width) {
  double x = 0, y = top;
  for (const auto& entry : entries) {
    const std::string name = fitted(entry.name, width - kSwatch - kKeyGap);
    const double needed = kSwatch + kKeyGap + text_width(name);
    if (x > 0 && x + needed > width) {
      x = 0;
      y += kLineHeight + 2;
    }
    draw_swatch(canvas, x, y, *entry.series);
    canvas.text(x + kSwatch + kKeyGap, y + kTextDrop, name);
    x += needed + 14;
  }
  return entries.empty() ? 0 : y - top + kLineHeight;
}

}  // namespace evenray
