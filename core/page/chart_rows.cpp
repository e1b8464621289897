// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/number.hpp"
#include "core/page/chart.hpp"
#include "core/page/chart_axis.hpp"
#include "core/page/chart_canvas.hpp"
#include "core/page/chart_plot.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr double kRowHeight = 26, kRowGap = 14, kMaxNameWidth = 280, kHalfBand = 10;

struct RowText {
  std::string name, number;
  bool strong = false;
};

/// Wide frames show the name, mark and number of a row side by side. Narrow frames show the mark
/// below the name, and the number at the end of the name's line, or between name and mark
/// (`stacked`) if that line has no space.
struct RowLayout {
  bool narrow = false, stacked = false;
  double left = 0, right = 0;  ///< x of the plot's ends
  double name_width = 0, row_height = kRowHeight, mark_drop = 0;

  RowLayout(bool narrow, const std::vector<RowText>& rows) : narrow(narrow) {
    double names = 0, numbers = 0, together = 0;
    for (const auto& row : rows) {
      const double name = text_width(row.name, row.strong);
      const double number = text_width(row.number, row.strong);
      names = std::max(names, name);
      numbers = std::max(numbers, number);
      together = std::max(together, name + number + kRowGap);
    }
    const double frame = frame_width(narrow);
    if (narrow) {
      stacked = together > frame;
      left = kHalfBand;
      right = frame - kHalfBand;
      name_width = frame;
      mark_drop = stacked ? 2 * kLineHeight + 2 : kLineHeight + 3;
      row_height = mark_drop + kRowHeight;
    } else {
      name_width = std::min(names, kMaxNameWidth);
      left = name_width + kRowGap;
      right = frame - numbers - kRowGap;
    }
  }

  void draw_text(Canvas& canvas, double y, const RowText& row, std::string_view css_classes) const {
    canvas.text(0, y + kTextDrop, fitted(row.name, name_width, row.strong), css_classes);
    if (stacked) {
      canvas.text(0, y + kLineHeight + kTextDrop, row.number, css_classes);
    } else {
      canvas.text(frame_width(narrow), y + kTextDrop, row.number, css_classes, Anchor::end);
    }
  }
};

/// Draws the lines behind the marks: from top to bottom in wide frames, and only around each mark
/// in narrow frames, where longer lines would cross the texts.
void draw_grid(Canvas& canvas,
               const RowLayout& layout,
               const AxisScale& scale,
               double top,
               double bottom,
               const std::vector<double>& rows) {
  const auto draw = [&](double from, double to) {
    for (const double tick : scale.ticks) {
      if (tick != 0) canvas.line(scale.place(tick), from, scale.place(tick), to, "grid");
    }
    canvas.line(scale.place(0), from, scale.place(0), to, "axis");
  };
  if (!layout.narrow) return draw(top, bottom);
  for (const double row : rows)
    draw(row + layout.mark_drop - kHalfBand, row + layout.mark_drop + kHalfBand);
}

void draw_value_axis(Canvas& canvas, const AxisScale& scale, double y, const std::string& label) {
  canvas.line(scale.from, y, scale.to, y, "axis");
  double free_from = -INFINITY;
  for (const double tick : scale.ticks) {
    const double x = scale.place(tick);
    const std::string name = scale.tick_text(tick);
    canvas.line(x, y, x, y + 4, "axis");
    if (x - text_width(name) / 2 < free_from) continue;
    canvas.text(x, y + 18, name, "soft", Anchor::middle);
    free_from = x + text_width(name) / 2 + 6;
  }
  canvas.text((scale.from + scale.to) / 2, y + 37, label, "", Anchor::middle);
}

/// Returns the digits after the point for differences up to `largest`: .042, .25 -> 3; 1.5 -> 2.
int digits_for(double largest) {
  if (!(largest > 0) || !std::isfinite(largest)) return 3;
  const int decade = static_cast<int>(std::floor(std::log10(largest)));
  return std::clamp(decade < -1 ? 1 - decade : 2 - decade, 0, 6);
}

bool has_interval(const ForestRow& row) {
  return std::isfinite(row.value) && std::isfinite(row.low) && std::isfinite(row.high);
}

std::string forest_numbers(const ForestRow& row, int digits) {
  if (!std::isfinite(row.value)) return "no result";
  std::string value = decimal_text(row.value, digits, true);
  if (!has_interval(row)) return value;
  return cat(value,
             " (",
             decimal_text(row.low, digits, true),
             " to ",
             decimal_text(row.high, digits, true),
             ")");
}

void draw_difference(Canvas& canvas, const AxisScale& scale, const ForestRow& row, double y) {
  if (!std::isfinite(row.value)) return;
  const std::string colour = arm_class(row.colour);
  const double x = scale.place(row.value);
  if (has_interval(row)) {
    const std::string css_classes = cat("stroke ", row.primary ? "heavy " : "fine ", colour);
    canvas.path(
        cat("M", px(scale.place(row.low)), " ", px(y), "L", px(scale.place(row.high)), " ", px(y)),
        css_classes);
  }
  if (row.primary) {
    canvas.diamond(x, y, 8, "fill " + colour);
  } else {
    canvas.circle(x, y, 4, "fill " + colour);
  }
}

DrawingSize draw_forest(Canvas& canvas,
                        bool narrow,
                        const std::string& axis_label,
                        const std::vector<ForestRow>& rows) {
  double largest = 0;
  std::vector<double> values{0};
  for (const auto& row : rows) {
    if (!std::isfinite(row.value)) continue;
    values.push_back(row.value);
    if (has_interval(row)) values.insert(values.end(), {row.low, row.high});
  }
  for (const double value : values) largest = std::max(largest, std::abs(value));
  if (largest == 0) values = {-1, 1};
  std::vector<RowText> texts;
  for (const auto& row : rows) {
    texts.push_back({row.name, forest_numbers(row, digits_for(largest)), row.primary});
  }
  const RowLayout layout(narrow, texts);
  auto scale = make_scale({}, values, 5);
  scale.from = layout.left;
  scale.to = layout.right;

  const auto primaries =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.primary; });
  const bool grouped = primaries > 0 && primaries < std::ssize(rows);
  const double top = 18;
  double y = top + kHalfBand + 2;
  Canvas marks;
  const auto heading = [&](const char* text) {
    marks.text(0, y + kTextDrop, text, "soft");
    y += 22;
  };
  if (grouped) heading("named beforehand");
  std::vector<double> places;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (grouped && static_cast<std::ptrdiff_t>(i) == primaries) {
      y += 10;
      heading("exploratory");
    }
    layout.draw_text(marks, y, texts[i], rows[i].primary ? "strong" : "");
    draw_difference(marks, scale, rows[i], y + layout.mark_drop);
    places.push_back(y);
    y += layout.row_height;
  }
  if (rows.empty()) {
    marks.text((scale.from + scale.to) / 2, y + kTextDrop, "no data", "soft over", Anchor::middle);
    y += kRowHeight;
  }
  const double bottom = y - 6;
  draw_grid(canvas, layout, scale, top, bottom, places);
  const double half = text_width("no difference") / 2;
  canvas.text(std::clamp(scale.place(0), half, frame_width(narrow) - half),
              11,
              "no difference",
              "soft",
              Anchor::middle);
  canvas.append(marks);
  draw_value_axis(canvas, scale, bottom, axis_label);
  return {frame_width(narrow), bottom + (axis_label.empty() ? 24 : 44)};
}

/// A bar and its parts from left to right.
struct BarRow {
  std::string name;
  std::vector<Bar> parts;

  /// NaN if a part is not finite.
  double sum() const {
    double sum = 0;
    for (const Bar& part : parts) sum += std::isfinite(part.value) ? part.value : NAN;
    return sum;
  }
};

/// Draws the parts of a bar side by side; a single part may be below zero.
void draw_parts(Canvas& canvas, const AxisScale& scale, const BarRow& row, double y) {
  constexpr double kThickness = 14;
  double from = 0;
  for (const Bar& part : row.parts) {
    const double start = scale.place(from), end = scale.place(from + part.value);
    from += part.value;
    if (part.value == 0 && row.parts.size() > 1) continue;
    canvas.rect(std::min(start, end),
                y - kThickness / 2,
                std::abs(end - start),
                kThickness,
                "fill " + arm_class(part.colour));
  }
}

DrawingSize draw_bars(Canvas& canvas,
                      bool narrow,
                      const std::string& axis_label,
                      const std::vector<BarRow>& bars,
                      const std::vector<Series>& key = {}) {
  std::vector<double> values{0}, places;
  std::vector<RowText> texts;
  for (const auto& bar : bars) {
    const double sum = bar.sum();
    texts.push_back({bar.name, std::isfinite(sum) ? number_text(sum) : "no result"});
    if (std::isfinite(sum)) values.push_back(sum);
  }
  const RowLayout layout(narrow, texts);
  auto scale = make_scale({}, values, narrow ? 4 : 5);
  scale.from = layout.left;
  scale.to = layout.right;
  double y = kHalfBand + 4;
  Canvas marks;
  for (size_t i = 0; i < bars.size(); ++i) {
    layout.draw_text(marks, y, texts[i], "");
    if (std::isfinite(bars[i].sum())) draw_parts(marks, scale, bars[i], y + layout.mark_drop);
    places.push_back(y);
    y += layout.row_height;
  }
  if (bars.empty()) {
    marks.text((scale.from + scale.to) / 2, y + kTextDrop, "no data", "soft over", Anchor::middle);
    y += kRowHeight;
  }
  const double bottom = y - 6;
  draw_grid(canvas, layout, scale, 0, bottom, places);
  canvas.append(marks);
  draw_value_axis(canvas, scale, bottom, axis_label);
  const double below = bottom + (axis_label.empty() ? 24 : 44);
  std::vector<KeyEntry> entries;
  for (const Series& series : key) entries.push_back({&series, series.name});
  if (entries.empty()) return {frame_width(narrow), below};
  const double height = draw_key_below(canvas, entries, below + kLineHeight, frame_width(narrow));
  return {frame_width(narrow), below + kLineHeight + height};
}

}  // namespace

std::string forest_plot(const std::string& alt,
                        const std::string& axis_label,
                        const std::vector<ForestRow>& rows) {
  auto ordered = rows;
  std::stable_partition(
      ordered.begin(), ordered.end(), [](const auto& row) { return row.primary; });
  for (auto& row : ordered) {
    if (row.low > row.high) std::swap(row.low, row.high);
  }
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    return draw_forest(canvas, narrow, axis_label, ordered);
  });
}

std::string bar_chart(const std::string& alt,
                      const std::string& axis_label,
                      const std::vector<Bar>& bars) {
  std::vector<BarRow> rows;
  for (const Bar& bar : bars) rows.push_back({bar.name, {bar}});
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    return draw_bars(canvas, narrow, axis_label, rows);
  });
}

std::string stacked_bar_chart(const std::string& alt,
                              const std::string& axis_label,
                              const std::vector<BarPart>& parts,
                              const std::vector<StackedBar>& bars) {
  std::vector<BarRow> rows;
  std::vector<Series> key;
  for (const StackedBar& bar : bars) {
    rows.push_back({bar.name, {}});
    for (size_t p = 0; p < parts.size(); ++p)
      rows.back().parts.push_back({parts[p].name, bar.values.at(p), parts[p].colour});
  }
  for (size_t p = 0; p < parts.size(); ++p) {
    const bool shown = std::any_of(
        bars.begin(), bars.end(), [&](const StackedBar& bar) { return bar.values[p] != 0; });
    if (shown) key.push_back({parts[p].name, {}, {}, parts[p].colour});
  }
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    return draw_bars(canvas, narrow, axis_label, rows, key);
  });
}

}  // namespace evenray
