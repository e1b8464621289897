// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/chart.hpp"
#include "core/chart_axis.hpp"
#include "core/chart_canvas.hpp"
#include "core/number.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr double kRowHeight = 26, kNarrowRowHeight = 46, kGap = 12;

/// Where the three columns of a chart of rows lie; in narrow frames names and numbers stand above
/// the marks.
struct Columns {
  double left = 0, right = 0;  ///< of the plot
  double name_room = 0, row_height = 0, mark_drop = 0;
};

Columns make_columns(bool narrow,
                     const std::vector<std::string>& names,
                     const std::vector<std::string>& numbers) {
  double name_width = 0, number_width = 0;
  for (const auto& name : names) name_width = std::max(name_width, text_width(name));
  for (const auto& number : numbers) number_width = std::max(number_width, text_width(number));
  const double frame = frame_width(narrow);
  if (narrow) return {8, frame - 8, frame - number_width - kGap, kNarrowRowHeight, 20};
  const double name_room = std::min(name_width, 230.);
  return {name_room + kGap, frame - number_width - kGap, name_room, kRowHeight, 0};
}

void draw_row_texts(Canvas& canvas,
                    bool narrow,
                    const Columns& columns,
                    double y,
                    const std::string& name,
                    const std::string& number,
                    std::string_view look) {
  canvas.text(0, y + kTextDrop, fitted(name, columns.name_room), look);
  canvas.text(frame_width(narrow), y + kTextDrop, number, look, Anchor::end);
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

/// Digits after the point that suit differences up to `largest`: .042, .25 -> 3; 1.5 -> 2.
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
  const std::string value = decimal_text(row.value, digits, true);
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
    const std::string look = cat("stroke ", row.primary ? "heavy " : "fine ", colour);
    canvas.path(
        cat("M", px(scale.place(row.low)), " ", px(y), "L", px(scale.place(row.high)), " ", px(y)),
        look);
  }
  if (row.primary) {
    canvas.diamond(x, y, 8, "fill " + colour);
  } else {
    canvas.circle(x, y, 4, "fill " + colour);
  }
}

/// Rows, axis and zero line from the top down; gives the height.
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
  const int digits = digits_for(largest);
  std::vector<std::string> names, numbers;
  for (const auto& row : rows) {
    names.push_back(row.name);
    // Bold text is a little wider.
    numbers.push_back(forest_numbers(row, digits) + (row.primary ? " " : ""));
    if (row.primary) names.back() += "  ";
  }
  const auto columns = make_columns(narrow, names, numbers);
  auto scale = make_scale({}, values, narrow ? 4 : 6);
  scale.from = columns.left;
  scale.to = columns.right;

  const auto primaries =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.primary; });
  const bool grouped = primaries > 0 && primaries < static_cast<std::ptrdiff_t>(rows.size());
  const double first_row = 30;
  double y = first_row;
  Canvas marks;
  const auto heading = [&](const char* text) {
    marks.text(0, y + kTextDrop, text, "soft");
    y += 22;
  };
  if (grouped) heading("named beforehand");
  for (size_t i = 0; i < rows.size(); ++i) {
    if (grouped && static_cast<std::ptrdiff_t>(i) == primaries) {
      y += 10;
      heading("exploratory");
    }
    draw_row_texts(marks,
                   narrow,
                   columns,
                   y,
                   rows[i].name,
                   forest_numbers(rows[i], digits),
                   rows[i].primary ? "strong" : "");
    draw_difference(marks, scale, rows[i], y + columns.mark_drop);
    y += columns.row_height;
  }
  if (rows.empty()) {
    marks.text((scale.from + scale.to) / 2, y + kTextDrop, "no data", "soft", Anchor::middle);
    y += columns.row_height;
  }
  const double zero = scale.place(0), bottom = y - 4;
  for (const double tick : scale.ticks) {
    const double x = scale.place(tick);
    if (tick != 0) canvas.line(x, 18, x, bottom, "grid");
  }
  canvas.line(zero, 18, zero, bottom, "axis");
  const double half = text_width("no difference") / 2;
  canvas.text(std::clamp(zero, half, frame_width(narrow) - half),
              11,
              "no difference",
              "soft",
              Anchor::middle);
  canvas.append(marks);
  draw_value_axis(canvas, scale, bottom, axis_label);
  return {frame_width(narrow), bottom + (axis_label.empty() ? 24 : 44)};
}

DrawingSize draw_bars(Canvas& canvas,
                      bool narrow,
                      const std::string& axis_label,
                      const std::vector<Bar>& bars) {
  std::vector<double> values{0};
  std::vector<std::string> names, numbers;
  for (const auto& bar : bars) {
    names.push_back(bar.name);
    numbers.push_back(std::isfinite(bar.value) ? number_text(bar.value) : "no result");
    if (std::isfinite(bar.value)) values.push_back(bar.value);
  }
  const auto columns = make_columns(narrow, names, numbers);
  auto scale = make_scale({}, values, narrow ? 4 : 6);
  scale.from = columns.left;
  scale.to = columns.right;
  constexpr double kThickness = 14, kTop = 14;
  const double zero = scale.place(0);
  double y = kTop;
  Canvas marks;
  for (size_t i = 0; i < bars.size(); ++i) {
    draw_row_texts(marks, narrow, columns, y, names[i], numbers[i], "");
    if (std::isfinite(bars[i].value)) {
      const double end = scale.place(bars[i].value);
      marks.rect(std::min(zero, end),
                 y + columns.mark_drop - kThickness / 2,
                 std::abs(end - zero),
                 kThickness,
                 "fill " + arm_class(bars[i].colour));
    }
    y += columns.row_height;
  }
  if (bars.empty()) {
    marks.text((scale.from + scale.to) / 2, y + kTextDrop, "no data", "soft", Anchor::middle);
    y += columns.row_height;
  }
  const double bottom = y - 4;
  for (const double tick : scale.ticks) {
    if (tick != 0) canvas.line(scale.place(tick), 0, scale.place(tick), bottom, "grid");
  }
  canvas.append(marks);
  canvas.line(zero, 0, zero, bottom, "axis");
  draw_value_axis(canvas, scale, bottom, axis_label);
  return {frame_width(narrow), bottom + (axis_label.empty() ? 24 : 44)};
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
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    return draw_bars(canvas, narrow, axis_label, bars);
  });
}

}  // namespace evenray
