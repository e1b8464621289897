// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/page/chart.hpp"
#include "core/page/chart_canvas.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr double kMaxRowNameWidth = 200, kNarrowRowNameWidth = 110, kMaxCellWidth = 72,
                 kCellHeight = 24, kGap = 8, kMaxHeadHeight = 110, kMinOpacity = .06;

/// Whole numbers without a point, other values with two digits after it.
std::string cell_text(double value) {
  return value == std::round(value) ? fixed(value, 0) : fixed(value, 2);
}

DrawingSize draw_heat(Canvas& canvas,
                      bool narrow,
                      const std::vector<std::string>& rows,
                      const std::vector<std::string>& columns,
                      const std::vector<std::vector<double>>& values) {
  const double max_name_width = narrow ? kNarrowRowNameWidth : kMaxRowNameWidth;
  double name_width = 0, head = 0;
  for (const auto& row : rows) name_width = std::max(name_width, text_width(row));
  for (const auto& column : columns) head = std::max(head, text_width(column));
  name_width = std::min(name_width, max_name_width);
  head = std::min(head, kMaxHeadHeight);
  const double left = name_width + kGap, top = head + kGap;
  // Column names are rotated by 90 degrees, so the last one needs no space to the right.
  const double cell = std::min(
      kMaxCellWidth,
      (frame_width(narrow) - left) / static_cast<double>(std::max<size_t>(columns.size(), 1)));
  for (size_t c = 0; c < columns.size(); ++c) {
    const double x = left + (static_cast<double>(c) + .5) * cell;
    canvas.text(
        x + kTextDrop, head, fitted(columns[c], kMaxHeadHeight), "soft", Anchor::start, -90);
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    const double y = top + static_cast<double>(r) * kCellHeight;
    canvas.text(
        name_width, y + kCellHeight / 2 + kTextDrop, fitted(rows[r], name_width), "", Anchor::end);
    double largest = 0;
    for (const double value : values[r])
      if (std::isfinite(value)) largest = std::max(largest, value);
    for (size_t c = 0; c < columns.size(); ++c) {
      const double value = values[r][c], x = left + static_cast<double>(c) * cell;
      if (!std::isfinite(value)) continue;
      const double shade = largest > 0 ? value / largest : 0;
      if (value > 0)
        canvas.rect(x + .5,
                    y + .5,
                    cell - 1,
                    kCellHeight - 1,
                    "fill " + arm_class(0),
                    kMinOpacity + (1 - kMinOpacity) * shade);
      const std::string text = cell_text(value);
      if (text_width(text) + 4 > cell) continue;
      canvas.text(x + cell / 2,
                  y + kCellHeight / 2 + kTextDrop,
                  text,
                  shade > .6  ? "light"
                  : value > 0 ? ""
                              : "soft",
                  Anchor::middle);
    }
  }
  if (rows.empty() || columns.empty()) canvas.text(0, top, "no data", "soft");
  return {frame_width(narrow),
          top + static_cast<double>(std::max<size_t>(rows.size(), 1)) * kCellHeight + 4};
}

}  // namespace

std::string heat_map(const std::string& alt,
                     const std::vector<std::string>& rows,
                     const std::vector<std::string>& columns,
                     const std::vector<std::vector<double>>& values) {
  return chart_markup(alt, [&](Canvas& canvas, bool narrow) {
    return draw_heat(canvas, narrow, rows, columns, values);
  });
}

}  // namespace evenray
