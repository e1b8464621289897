// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace evenray {

/// Charts as SVG markup for HtmlPage, with role="img" and a text alternative (`alt`). All colours
/// come from the style sheet of HtmlPage. Each chart contains two drawings, one for wide frames and
/// one for narrow frames (a phone, or two charts side by side); the page shows one of them.
/// Non-finite values leave a gap; a chart without finite values shows "no data".

/// Returns the Okabe-Ito colour with this index as "#rrggbb", darkened or lightened if its contrast
/// to the background of the scheme would be below 3:1. An index has the same colour in every chart;
/// colours repeat after 8. In a page, the class "arm-i" (i below 8) sets the colour as `color`.
std::string arm_colour(size_t index, bool dark_scheme = false);

struct Series {
  std::string name;  ///< may be empty for a thin series if a series of the same colour is not thin
  std::vector<double> x, y;  ///< of equal length; non-finite values leave a gap
  size_t colour = 0;         ///< index for arm_colour()
  bool thin = false;         ///< one of several runs: drawn thin and pale
  bool dashed = false;       ///< draws a dashed line
  bool dots = false;         ///< draws points without a line
};

struct Axis {
  std::string label;                          ///< includes the unit
  std::optional<double> low = {}, high = {};  ///< nullopt: from the data, widened to round values
};

struct ReferenceLine {
  std::string name;       ///< "chance", "prevalence .17"
  double x0, y0, x1, y1;  ///< end points in data coordinates
};

/// Draws curves without smoothing. Labels are at the ends of the lines if there is space, otherwise
/// the chart has a key. The plot is square if both axes are fixed to the same range (ROC,
/// precision-recall).
std::string line_chart(const std::string& alt,
                       const Axis& x,
                       const Axis& y,
                       const std::vector<Series>& series,
                       const std::vector<ReferenceLine>& references = {});

struct ForestRow {
  std::string name;
  double value = 0, low = 0, high = 0;  ///< estimate and the ends of its interval
  bool primary = false;                 ///< a preregistered contrast: drawn at the top and heavier
  size_t colour = 0;                    ///< index for arm_colour()
};

/// Draws differences with intervals and a zero line labelled "no difference". Primary rows come
/// first; otherwise the order of `rows` is kept.
std::string forest_plot(const std::string& alt,
                        const std::string& axis_label,
                        const std::vector<ForestRow>& rows);

struct Bar {
  std::string name;
  double value = 0;
  size_t colour = 0;  ///< index for arm_colour()
};
/// Draws one horizontal bar per entry, starting at zero, in the order of `bars`.
std::string bar_chart(const std::string& alt,
                      const std::string& axis_label,
                      const std::vector<Bar>& bars);

/// A part that all bars of a stacked chart have, for example an origin of rows.
struct BarPart {
  std::string name;
  size_t colour = 0;  ///< index for arm_colour()
};
struct StackedBar {
  std::string name;
  std::vector<double> values;  ///< one per part, 0 or above
};
/// Draws one horizontal bar per entry, in the order of `bars`, divided into parts, with their sum
/// as its number and a key of the parts. Parts that are 0 in all bars are not in the key.
std::string stacked_bar_chart(const std::string& alt,
                              const std::string& axis_label,
                              const std::vector<BarPart>& parts,
                              const std::vector<StackedBar>& bars);

/// Draws how many values fall into each bin. There are about `bins` bins with round edges. A bin
/// includes its lower edge; the last bin also includes its upper edge.
std::string histogram(const std::string& alt,
                      const Axis& x,
                      const std::string& count_label,
                      const std::vector<double>& values,
                      int bins = 24);

/// Draws a table of counts as shades of one colour. The darkest shade is the largest value of each
/// row, so that rare rows stay visible. Cells show their number if there is space. `values`:
/// [row][column].
std::string heat_map(const std::string& alt,
                     const std::vector<std::string>& rows,
                     const std::vector<std::string>& columns,
                     const std::vector<std::vector<double>>& values);

/// Returns about `wanted` tick values that cover low..high, spaced by 1, 2 or 5 times a power of
/// ten. Equal ends are widened, unordered ends are swapped, and non-finite ends give 0..1.
std::vector<double> round_ticks(double low, double high, int wanted = 5);

}  // namespace evenray
