// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// core/page writes self-contained HTML reports. Read this header first (the page, its tables and
/// images), then chart.hpp (the SVG charts for a page). The other headers are internal:
/// chart_canvas.hpp, chart_axis.hpp and chart_plot.hpp draw the charts, html_style.hpp has the
/// style sheet.

/// Escapes `text` for use as text or inside a quoted attribute. Control characters that HTML does
/// not allow become U+FFFD.
std::string escape_html(std::string_view text);

/// A table. Cells are plain text; "-" means no value. Numeric columns are right-aligned on the
/// decimal point with tabular figures. The first column contains the row headers.
struct HtmlTable {
  std::string caption;            ///< may be empty
  std::vector<std::string> head;  ///< column headers
  std::vector<bool> numeric;      ///< same length as head; empty: all columns except the first
  std::vector<std::vector<std::string>> rows;
};

/// Trusted markup from chart.hpp or png_image, and a caption that describes it.
struct HtmlFigure {
  std::string markup, caption;
};

/// One row of an image sheet, for example "real", "synthetic", or a pair of nearest neighbours.
struct HtmlSheetRow {
  std::string label;
  std::vector<std::string> images;  ///< from png_image
};

/// One self-contained page (light and dark scheme, phone and A4 layout, no script, no external
/// resource). All text is escaped and passes through `typeset` (core/number.hpp), except the text
/// in `details`, which is only escaped.
class HtmlPage {
 public:
  /// `answer`: one sentence that states the result of the page; `measured_on`: the data that it was
  /// measured on. Either may be empty.
  HtmlPage(std::string title, std::string_view answer, std::string_view measured_on = "");

  void section(std::string_view heading);
  void paragraph(std::string_view text);
  void list(const std::vector<std::string>& items);
  void table(const HtmlTable& table);
  /// `markup`: a chart from chart.hpp or an image from png_image.
  void figure(std::string_view markup, std::string_view caption);
  /// Shows the figures side by side if there is space.
  void figures(const std::vector<HtmlFigure>& figures);
  /// Shows rows of images on a dark neutral background with the labels at the edge. The caller
  /// gives all images the same size.
  void sheet(const std::vector<HtmlSheetRow>& rows, std::string_view caption);
  /// A block of preformatted text that is collapsed until the reader opens it.
  void details(std::string_view summary, std::string_view preformatted);

  /// Returns the whole HTML document.
  std::string text() const;

 private:
  std::string title_, header_, body_;
};

/// Returns an image element that contains the PNG as data. `alt` describes the image. The size is
/// the display size if there is space. A click, or Enter on the focused image, opens it at full
/// size and closes it again.
std::string png_image(std::string_view png_bytes,
                      std::string_view alt,
                      int width_px,
                      int height_px);
/// Same, displayed at the size of the PNG.
std::string png_image(std::string_view png_bytes, std::string_view alt);

/// Encodes bytes as base64 with padding (RFC 4648).
std::string base64(std::string_view bytes);

}  // namespace evenray
