// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace evenray {

/// What the charts are drawn with; inside of core only. Lengths are CSS pixels at the size a
/// drawing is shown at where there is room.

constexpr double kLineHeight = 17,
                 kTextDrop = 4.5;  // a baseline lies kTextDrop below the middle of its line

/// How wide `text` is at 13 px (`strong`: in bold), on the safe side for the common system fonts.
double text_width(std::string_view text, bool strong = false);

/// `text`, cut with an ellipsis where it is wider than `width`.
std::string fitted(std::string_view text, double width, bool strong = false);

enum class Anchor { start, middle, end };

/// Collects one drawing. `look` is one or several classes of the page's style sheet.
class Canvas {
 public:
  void line(double x0, double y0, double x1, double y1, std::string_view look);
  /// Escapes `text`; a degree other than 0 turns it around its anchor.
  void text(double x,
            double y,
            std::string_view text,
            std::string_view look = "",
            Anchor anchor = Anchor::start,
            double degrees = 0);
  /// opacity: 0 to 1.
  void rect(
      double x, double y, double width, double height, std::string_view look, double opacity = 1);
  void circle(double x, double y, double radius, std::string_view look);
  void diamond(double x, double y, double radius, std::string_view look);
  void path(std::string_view commands, std::string_view look);
  /// What is drawn between these two is cut at the frame, with a little room for the thickness of
  /// lines.
  void begin_clip(double x, double y, double width, double height);
  void end_clip();

  void append(const Canvas& other) { markup_ += other.markup_; }
  const std::string& markup() const { return markup_; }

 private:
  std::string markup_;
};

struct DrawingSize {
  double width = 0, height = 0;
};

/// Runs `draw` for a wide (760 px) and a narrow (340 px) frame and gives both drawings as one
/// chart.
std::string chart_markup(const std::string& alt,
                         const std::function<DrawingSize(Canvas&, bool narrow)>& draw);

constexpr double frame_width(bool narrow) { return narrow ? 340 : 760; }

/// A length with at most one digit after the point.
std::string px(double length);

/// Class that sets the arm's colour.
std::string arm_class(size_t index);

}  // namespace evenray
