// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace evenray {

/// Drawing primitives of the charts. Internal to core/page. Lengths are CSS pixels at the full size
/// of a drawing (the browser shrinks it in a narrower frame).

constexpr double kLineHeight = 17,
                 kTextDrop = 4.5;  ///< from the middle of a line down to its baseline

/// Returns an upper estimate of the width of `text` at 13 px (`strong`: in bold) for the common
/// system fonts.
double text_width(std::string_view text, bool strong = false);

/// Returns `text`, cut and ended with an ellipsis if it is wider than `width`.
std::string fitted(std::string_view text, double width, bool strong = false);

enum class Anchor { start, middle, end };

/// Collects the markup of one drawing. `css_classes`: classes of the page's style sheet, separated
/// by spaces; may be empty.
class Canvas {
 public:
  void line(double x0, double y0, double x1, double y1, std::string_view css_classes);
  /// Escapes `text`. `degrees` other than 0 rotate the text around its anchor point.
  void text(double x,
            double y,
            std::string_view text,
            std::string_view css_classes = "",
            Anchor anchor = Anchor::start,
            double degrees = 0);
  /// `opacity`: 0 to 1.
  void rect(double x,
            double y,
            double width,
            double height,
            std::string_view css_classes,
            double opacity = 1);
  void circle(double x, double y, double radius, std::string_view css_classes);
  void diamond(double x, double y, double radius, std::string_view css_classes);
  void path(std::string_view commands, std::string_view css_classes);
  /// Clips what is drawn between the two calls at this frame, with a margin for the thickness of
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

/// Runs `draw` for a wide (760 px) and a narrow (340 px) frame and returns both drawings as one
/// chart.
std::string chart_markup(const std::string& alt,
                         const std::function<DrawingSize(Canvas&, bool narrow)>& draw);

/// Width of a drawing in px.
constexpr double frame_width(bool narrow) { return narrow ? 340 : 760; }

/// Returns a length with at most one digit after the point.
std::string px(double length);

/// Returns the class that sets arm_colour(index).
std::string arm_class(size_t index);

}  // namespace evenray
