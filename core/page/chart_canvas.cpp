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

// Okabe and Ito 2008. On white their orange, sky blue and yellow have less than 3:1, on dark their
// black and blue.
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

/// After DejaVu Sans, the broadest of the system fonts.
double glyph_width(unsigned char c) {
  constexpr std::string_view kSlim = "iljI|.,:;!'()[]ft r/-", kBroad = "mwMW@%";
  if (kSlim.find(static_cast<char>(c)) != std::string_view::npos) return 4.9;
  if (kBroad.find(static_cast<char>(c)) != std::string_view::npos) return 12.5;
  // Signs of three bytes: minus, dashes, arrows.
  return c == '+' || c == '=' || c >= 0xe0 ? 10.9 : c >= 'A' && c <= 'Z' ? 9.4 : 8.2;
}

constexpr double kStrong = 1.12;

/// The further bytes of a UTF-8 character take no room.
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string classes(std::string_view look) {
  return look.empty() ? "" : cat(" class=\"", look, "\"");
}

std::string svg(const std::string& alt, const char* look, DrawingSize size, const Canvas& canvas) {
  return cat("<svg class=\"",
             look,
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
  return strong ? width * kStrong : width;
}

std::string fitted(std::string_view text, double width, bool strong) {
  constexpr double kRounding = 1e-6;  // a width that was added to and taken from again
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

void Canvas::line(double x0, double y0, double x1, double y1, std::string_view look) {
  markup_ += cat("<line",
                 classes(look),
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
                  std::string_view look,
                  Anchor anchor,
                  double degrees) {
  if (text.empty()) return;
  const char* placed = anchor == Anchor::end      ? " text-anchor=\"end\""
                       : anchor == Anchor::middle ? " text-anchor=\"middle\""
                                                  : "";
  markup_ += cat("<text", classes(look), " x=\"", px(x), "\" y=\"", px(y), "\"", placed);
  if (degrees != 0) {
    markup_ += cat(" transform=\"rotate(", px(degrees), " ", px(x), " ", px(y), ")\"");
  }
  markup_ += cat(">", escape_html(text), "</text>");
}

void Canvas::rect(
    double x, double y, double width, double height, std::string_view look, double opacity) {
  markup_ += cat("<rect",
                 classes(look),
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

void Canvas::circle(double x, double y, double radius, std::string_view look) {
  markup_ += cat(
      "<circle", classes(look), " cx=\"", px(x), "\" cy=\"", px(y), "\" r=\"", px(radius), "\"/>");
}

void Canvas::diamond(double x, double y, double radius, std::string_view look) {
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
       look);
}

void Canvas::path(std::string_view commands, std::string_view look) {
  if (!commands.empty()) markup_ += cat("<path", classes(look), " d=\"", commands, "\"/>");
}

void Canvas::begin_clip(double x, double y, double width, double height) {
  constexpr double kRoom = 3;
  const std::string left = px(x - kRoom), top = px(y - kRoom);
  const std::string wide = px(width + 2 * kRoom), high = px(height + 2 * kRoom);
  // An inner <svg> cuts without an id, which would have to be unique in the page.
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
