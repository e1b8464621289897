// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// Safe as text and within a quoted attribute; control characters that HTML does not know become
/// U+FFFD.
std::string escape_html(std::string_view text);

/// A table; cells are plain text, "-" where there is no value. Columns with `numeric` set are
/// right-aligned on the decimal point with tabular figures. The first column heads its rows.
struct HtmlTable {
  std::string caption;  ///< may be empty
  std::vector<std::string> head;
  std::vector<bool> numeric;  ///< as long as head; empty: all but the first
  std::vector<std::vector<std::string>> rows;
};

/// Trusted markup, from core/chart or png_image, and what to see in it.
struct HtmlFigure {
  std::string markup, caption;
};

/// One row of an image sheet: "real", "synthetic", or a pair of nearest neighbours.
struct HtmlSheetRow {
  std::string label;
  std::vector<std::string> images;  ///< from png_image
};

/// One self-contained page in the house's look (light and dark, phone and A4, no script, no
/// external resource). All text is escaped, and set by `typeset`, except in `details`.
class HtmlPage {
 public:
  /// `answer`: the sentence that the page answers with, in plain words; `measured_on`: on what.
  HtmlPage(std::string title, std::string_view answer, std::string_view measured_on = "");

  void section(std::string_view heading);
  /// One level below; only after a section.
  void subsection(std::string_view heading);
  void paragraph(std::string_view text);
  void list(const std::vector<std::string>& items);
  void table(const HtmlTable& table);
  /// `markup`: an SVG of core/chart or an image from png_image.
  void figure(std::string_view markup, std::string_view caption);
  /// Side by side where there is room.
  void figures(const std::vector<HtmlFigure>& figures);
  /// Rows of images on neutral dark, labelled at the edge; the same size in all rows is the
  /// caller's part.
  void sheet(const std::vector<HtmlSheetRow>& rows, std::string_view caption);
  /// Folded away until it is opened.
  void details(std::string_view summary, std::string_view preformatted);

  std::string text() const;

 private:
  std::string title_, header_, body_;
};

/// An image with the PNG inside the page; `alt` says what is to be seen, the size is the one it is
/// shown at where there is room. A click, or Enter on the focused image, opens it at full size and
/// closes it again.
std::string png_image(std::string_view png_bytes,
                      std::string_view alt,
                      int width_px,
                      int height_px);
/// Shown at its own size.
std::string png_image(std::string_view png_bytes, std::string_view alt);

std::string base64(std::string_view bytes);

}  // namespace evenray
