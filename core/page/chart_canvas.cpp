// SPDX-License-Identifier: Apache-2.0
#include "core/page/chart_canvas.hpp"

#include <array>
#include <cmath>
#include <cstdio>

#include "core/page/chart.hpp"
#include "core/page/html.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct ArmColour {
  const char *light, *dark;
};

// Okabe and Ito 2008, adjusted: on white, their orange, sky blue and yellow have a contrast below
// 3:1; on dark, their black and blue do.
constexpr std::array kArmColours{
    ArmColour{"#1b1f24", "#e4e8ec"},
    ArmColour{"#0072b2", "#2f8fd3"},
    ArmColour{"#d55e00", "#e06a10"},
    ArmColour{"#009e73", "#13ad82"},
    ArmColour{"#c4699b", "#cc79a7"},
    ArmColour{"#b88000", "#e69f00"},
    ArmColour{"#3a97d4", "#8ccdf5"},
    ArmColour{"#8f8500", "#f0e442"},
};

/// Width in px at 13 px, from DejaVu Sans, the widest of the common system fonts.
double glyph_width(unsigned char c) {
  constexpr std::string_view kNarrow = "iljI|.,:;!'()[]ft r/-", kWide = "mwMW@%";
  if (kNarrow.find(static_cast<char>(c)) != std::string_view::npos) return 4.9;
  if (kWide.find(static_cast<char>(c)) != std::string_view::npos) return 12.5;
  // A first byte from 0xe0 on starts a character of three bytes: minus, dashes, arrows.
  return c == '+' || c == '=' || c >= 0xe0 ? 10.9 : c >= 'A' && c <= 'Z' ? 9.4 : 8.2;
}

constexpr double kBoldFactor = 1.12;

/// Whether `c` is a continuation byte of a UTF-8 character. Such bytes add no width.
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string class_attribute(std::string_view css_classes) {
  return css_classes.empty() ? "" : cat(" class=\"", css_classes, "\"");
}

std::string svg(const std::string& alt,
                const char* css_class,
                DrawingSize size,
                const Canvas& canvas) {
  return cat("<svg class=\"",
             css_class,
             "\" role=\"img\" aria-label=\"",
             escape_html(alt),
             "\" width=\"",
             px(size.width),
             "\" height=\"",
             px(size.height),
             "\" viewBox=\"0 0 ",
             px(size.width),
             " ",
             px(size.height),
             "\">",
             canvas.markup(),
             "</svg>");
}

}  // namespace

std::string arm_colour(size_t index, bool dark_scheme) {
  const auto& colour = kArmColours[index % kArmColours.size()];
  return dark_scheme ? colour.dark : colour.light;
}

std::string arm_class(size_t index) { return cat("arm-", index % kArmColours.size()); }

std::string px(double length) {
  const double tenths = std::round(length * 10) / 10;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", tenths == 0 ? 0. : tenths);
  return buffer;
}

double text_width(std::string_view text, bool strong) {
  double width = 0;
  for (const char c : text) {
    if (!continues_character(c)) width += glyph_width(static_cast<unsigned char>(c));
  }
  return strong ? width * kBoldFactor : width;
}

std::string fitted(std::string_view text, double width, bool strong) {
  constexpr double kRounding = 1e-6;  // of a width that was computed as sum and difference
  if (text_width(text, strong) <= width + kRounding) return std::string(text);
  const double room = width - text_width("…", strong);
  size_t end = 0;
  while (end < text.size()) {
    size_t next = end + 1;
    while (next < text.size() && continues_character(text[next])) ++next;
    if (text_width(text.substr(0, next), strong) > room) break;
    end = next;
  }
  return std::string(text.substr(0, end)) + "…";
}

void Canvas::line(double x0, double y0, double x1, double y1, std::string_view css_classes) {
  markup_ += cat("<line",
                 class_attribute(css_classes),
                 " x1=\"",
                 px(x0),
                 "\" y1=\"",
                 px(y0),
                 "\" x2=\"",
                 px(x1),
                 "\" y2=\"",
                 px(y1),
                 "\"/>");
}

void Canvas::text(double x,
                  double y,
                  std::string_view text,
                  std::string_view css_classes,
                  Anchor anchor,
                  double degrees) {
  if (text.empty()) return;
  const char* anchor_attribute = anchor == Anchor::end      ? " text-anchor=\"end\""
                                 : anchor == Anchor::middle ? " text-anchor=\"middle\""
                                                            : "";
  markup_ += cat("<text",
                 class_attribute(css_classes),
                 " x=\"",
                 px(x),
                 "\" y=\"",
                 px(y),
                 "\"",
                 anchor_attribute);
  if (degrees != 0) {
    markup_ += cat(" transform=\"rotate(", px(degrees), " ", px(x), " ", px(y), ")\"");
  }
  markup_ += cat(">", escape_html(text), "</text>");
}

void Canvas::rect(
    double x, double y, double width, double height, std::string_view css_classes, double opacity) {
  markup_ += cat("<rect",
                 class_attribute(css_classes),
                 " x=\"",
                 px(x),
                 "\" y=\"",
                 px(y),
                 "\" width=\"",
                 px(width),
                 "\" height=\"",
                 px(height),
                 opacity < 1 ? cat("\" fill-opacity=\"", fixed(opacity, 2)) : "",
                 "\"/>");
}

void Canvas::circle(double x, double y, double radius, std::string_view css_classes) {
  markup_ += cat("<circle",
                 class_attribute(css_classes),
                 " cx=\"",
                 px(x),
                 "\" cy=\"",
                 px(y),
                 "\" r=\"",
                 px(radius),
                 "\"/>");
}

void Canvas::diamond(double x, double y, double radius, std::string_view css_classes) {
  path(cat("M",
           px(x - radius),
           " ",
           px(y),
           "L",
           px(x),
           " ",
           px(y - radius),
           "L",
           px(x + radius),
           " ",
           px(y),
           "L",
           px(x),
           " ",
           px(y + radius),
           "Z"),
       css_classes);
}

void Canvas::path(std::string_view commands, std::string_view css_classes) {
  if (!commands.empty())
    markup_ += cat("<path", class_attribute(css_classes), " d=\"", commands, "\"/>");
}

void Canvas::begin_clip(double x, double y, double width, double height) {
  constexpr double kMargin = 3;
  const std::string left = px(x - kMargin), top = px(y - kMargin);
  const std::string wide = px(width + 2 * kMargin), high = px(height + 2 * kMargin);
  // A nested <svg> clips without a clipPath, whose id would have to be unique in the page.
  markup_ += cat("<svg x=\"",
                 left,
                 "\" y=\"",
                 top,
                 "\" width=\"",
                 wide,
                 "\" height=\"",
                 high,
                 "\" viewBox=\"",
                 left,
                 " ",
                 top,
                 " ",
                 wide,
                 " ",
                 high,
                 "\" class=\"cut\">");
}

void Canvas::end_clip() { markup_ += "</svg>"; }

std::string chart_markup(const std::string& alt,
                         const std::function<DrawingSize(Canvas&, bool narrow)>& draw) {
  std::string out = "<div class=\"chart\">";
  for (const bool narrow : {false, true}) {
    Canvas canvas;
    const DrawingSize size = draw(canvas, narrow);
    out += svg(alt, narrow ? "narrow" : "wide", size, canvas);
  }
  return out + "</div>";
}

}  // namespace evenray
