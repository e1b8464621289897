// SPDX-License-Identifier: Apache-2.0
#include "core/page/html.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/number.hpp"
#include "core/page/html_style.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

std::string prose(std::string_view text) { return escape_html(typeset(text)); }

/// Returns the digits after the point of a cell that is one number ("−.040", "12 346", "3.1 %");
/// nullopt for any other text.
std::optional<size_t> decimals(std::string_view cell) {
  size_t after_point = 0, digits = 0;
  bool point = false;
  for (const char c : cell) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isdigit(byte)) {
      ++digits;
      if (point) ++after_point;
    } else if (c == '.' && !point) {
      point = true;
    } else if (c != '+' && c != '-' && c != ' ' && c != '%' && byte < 0x80) {
      return std::nullopt;
    }
  }
  if (digits == 0) return std::nullopt;
  return after_point;
}

/// Returns the style attribute that shifts a number to the left, so that the decimal points of its
/// column are aligned.
std::string alignment(std::string_view cell, size_t most_decimals) {
  const auto own = decimals(cell);
  if (!own || *own == most_decimals) return "";
  const std::string point = *own == 0 ? ";--point:1" : "";
  return cat(" style=\"--digits:", most_decimals - *own, point, "\"");
}

std::string figure_markup(std::string_view markup, std::string_view caption) {
  return cat("<figure>\n", markup, "\n<figcaption>", prose(caption), "</figcaption>\n</figure>\n");
}

/// Returns width and height from the PNG header; nullopt if the bytes are not a PNG.
std::optional<std::pair<uint32_t, uint32_t>> png_size(std::string_view png) {
  if (png.size() < 24 || png.substr(1, 3) != "PNG") return std::nullopt;
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(png[at + i]);
    return value;
  };
  const auto width = number(16), height = number(20);
  if (width == 0 || height == 0) return std::nullopt;
  return std::pair{width, height};
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        const bool control = (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
        if (control) {
          out += "\ufffd";
        } else {
          out += c;
        }
      }
    }
  }
  return out;
}

HtmlPage::HtmlPage(std::string title, std::string_view answer, std::string_view measured_on)
    : title_(std::move(title)) {
  header_ = cat("<h1>", prose(title_), "</h1>\n");
  if (!answer.empty()) header_ += cat("<p class=\"answer\">", prose(answer), "</p>\n");
  if (!measured_on.empty()) header_ += cat("<p class=\"muted\">", prose(measured_on), "</p>\n");
}

void HtmlPage::section(std::string_view heading) {
  body_ += cat("<h2>", prose(heading), "</h2>\n");
}

void HtmlPage::paragraph(std::string_view text) { body_ += cat("<p>", prose(text), "</p>\n"); }

void HtmlPage::list(const std::vector<std::string>& items) {
  if (items.empty()) return;
  body_ += "<ul>\n";
  for (const auto& item : items) body_ += cat("<li>", prose(item), "</li>\n");
  body_ += "</ul>\n";
}

void HtmlPage::table(const HtmlTable& table) {
  const auto numeric = [&](size_t column) {
    return table.numeric.empty() ? column > 0
                                 : column < table.numeric.size() && table.numeric[column];
  };
  std::vector<size_t> most_decimals(table.head.size(), 0);
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < std::min(row.size(), most_decimals.size()); ++i) {
      most_decimals[i] = std::max(most_decimals[i], decimals(row[i]).value_or(0));
    }
  }
  const std::string name = table.caption.empty() ? "table" : table.caption;
  body_ += cat("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"",
               prose(name),
               "\">\n<table>\n");
  if (!table.caption.empty()) body_ += cat("<caption>", prose(table.caption), "</caption>\n");
  body_ += "<thead>\n<tr>";
  for (size_t i = 0; i < table.head.size(); ++i) {
    // Screen readers would announce an empty <th> as a header without a name.
    const char* tag = table.head[i].empty() ? "td" : "th";
    body_ += cat("<",
                 tag,
                 *tag == 't' && tag[1] == 'h' ? " scope=\"col\"" : "",
                 numeric(i) ? " class=\"n\"" : "",
                 ">",
                 prose(table.head[i]),
                 "</",
                 tag,
                 ">");
  }
  body_ += "</tr>\n</thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    body_ += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      if (i == 0 && !numeric(0) && !row[0].empty()) {
        body_ += cat("<th scope=\"row\">", prose(row[0]), "</th>");
      } else if (numeric(i)) {
        const size_t most = i < most_decimals.size() ? most_decimals[i] : 0;
        body_ += cat("<td class=\"n\"",
                     alignment(row[i], most),
                     ">",
                     row[i] == "-" ? "\u2013" : prose(row[i]),
                     "</td>");
      } else {
        body_ += cat("<td>", prose(row[i]), "</td>");
      }
    }
    body_ += "</tr>\n";
  }
  body_ += "</tbody>\n</table>\n</div>\n";
}

void HtmlPage::figure(std::string_view markup, std::string_view caption) {
  body_ += figure_markup(markup, caption);
}

void HtmlPage::figures(const std::vector<HtmlFigure>& figures) {
  body_ += "<div class=\"beside\">\n";
  for (const auto& [markup, caption] : figures) body_ += figure_markup(markup, caption);
  body_ += "</div>\n";
}

void HtmlPage::sheet(const std::vector<HtmlSheetRow>& rows, std::string_view caption) {
  std::string markup = "<div class=\"sheet\">\n";
  for (const auto& [label, images] : rows) {
    markup += cat("<div class=\"edge\">",
                  prose(label),
                  "</div>\n<div class=\"tiles\">",
                  join(images, ""),
                  "</div>\n");
  }
  body_ += figure_markup(markup + "</div>", caption);
}

void HtmlPage::details(std::string_view summary, std::string_view preformatted) {
  const std::string name = escape_html(summary);
  body_ += cat("<details class=\"more\"><summary>",
               name,
               "</summary>\n<pre role=\"group\" tabindex=\"0\" aria-label=\"",
               name,
               "\">",
               escape_html(preformatted),
               "</pre></details>\n");
}

std::string HtmlPage::text() const {
  // The policy makes the browser enforce that the page loads nothing external.
  return cat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "img-src data:; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      prose(title_),
      "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n",
      page_style(),
      "</style>\n</head>\n<body>\n<header>\n",
      header_,
      "</header>\n<main>\n",
      body_,
      "</main>\n<footer>\n<p>Made by evenray. For research; not a medical device.</p>\n"
      "</footer>\n</body>\n</html>\n");
}

std::string png_image(std::string_view png_bytes,
                      std::string_view alt,
                      int width_px,
                      int height_px) {
  const uint32_t shown_width = std::max(1, width_px), shown_height = std::max(1, height_px);
  const auto [full_width, full_height] =
      png_size(png_bytes).value_or(std::pair{shown_width, shown_height});
  return cat("<details class=\"image\" style=\"--full:",
             full_width,
             "px;--aspect:",
             full_width,
             "/",
             full_height,
             "\"><summary><img alt=\"",
             escape_html(alt),
             "\" width=\"",
             shown_width,
             "\" height=\"",
             shown_height,
             "\" src=\"data:image/png;base64,",
             base64(png_bytes),
             "\"></summary></details>");
}

std::string png_image(std::string_view png_bytes, std::string_view alt) {
  const auto [width, height] = png_size(png_bytes).value_or(std::pair{1u, 1u});
  return png_image(png_bytes, alt, static_cast<int>(width), static_cast<int>(height));
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t word = 0;
    for (size_t j = 0; j < 3; ++j) {
      word = word << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += j <= count ? kLetters[word >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

}  // namespace evenray
