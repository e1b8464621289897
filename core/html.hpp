// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

std::string escape_html(std::string_view text);

/// A table; cells are plain text. Columns with `numeric` set are right-aligned with tabular figures.
struct HtmlTable {
  std::string caption;  ///< may be empty
  std::vector<std::string> head;
  std::vector<bool> numeric;  ///< as long as head; empty: all but the first
  std::vector<std::vector<std::string>> rows;
};

/// One self-contained page in the house's look (light and dark, phone and A4, no script, no external resource).
class HtmlPage {
 public:
  /// `answer`: the sentence that the page answers with, in plain words; `measured_on`: on what.
  HtmlPage(std::string title, std::string answer, std::string measured_on = "");

  void section(std::string_view heading);
  void paragraph(std::string_view text);
  void list(const std::vector<std::string>& items);
  void table(const HtmlTable& table);
  /// `markup`: an SVG of core/chart or an image from png_image.
  void figure(std::string_view markup, std::string_view caption);
  /// Folded away until it is opened.
  void details(std::string_view summary, std::string_view preformatted);

  std::string text() const;

 private:
  std::string title_, body_;
};

/// <img> with the PNG inside the page; `alt` says what is to be seen.
std::string png_image(std::string_view png_bytes, std::string_view alt, int width_px, int height_px);

std::string base64(std::string_view bytes);

}  // namespace evenray
