// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace evenray {

/// SVG charts in the house's look, with role="img" and a text alternative; all colours come from
/// the style sheet of HtmlPage. Each chart holds two drawings, one for wide frames and one for
/// narrow ones (a phone, or side by side), of which the page shows one. Values that are not finite
/// leave a gap; a chart without any says "no data".

/// The Okabe-Ito colour of series i as "#rrggbb", darkened or lightened where it would have less
/// than 3:1 contrast to the paper of its scheme: the same i has the same colour in every chart.
/// Repeats after 8. In a page, class "arm-i" (i below 8) sets it as `color`.
std::string arm_colour(size_t index, bool dark_scheme = false);

struct Series {
  std::string name;          ///< thin series need none where one of the same colour is not thin
  std::vector<double> x, y;  ///< equally long
  size_t colour = 0;
  bool thin = false;  ///< one of several runs: thin and pale
  bool dashed = false;
  bool dots = false;  ///< points that are not joined
};

struct Axis {
  std::string label;                          ///< with its unit
  std::optional<double> low = {}, high = {};  ///< empty: from the data, to round values
};

struct ReferenceLine {
  std::string name;  ///< "chance", "prevalence .17"
  double x0, y0, x1, y1;
};

/// Curves with labels at the line where there is room, else with a key; nothing is smoothed. Square
/// where both axes are fixed to the same range (ROC, precision-recall).
std::string line_chart(const std::string& alt,
                       const Axis& x,
                       const Axis& y,
                       const std::vector<Series>& series,
                       const std::vector<ReferenceLine>& references = {});

struct ForestRow {
  std::string name;
  double value = 0, low = 0, high = 0;
  bool primary = false;  ///< the contrast named beforehand: on top and heavier
  size_t colour = 0;
};

/// Differences with intervals and a zero line named "no difference"; primary rows first, else in
/// the order given.
std::string forest_plot(const std::string& alt,
                        const std::string& axis_label,
                        const std::vector<ForestRow>& rows);

struct Bar {
  std::string name;
  double value = 0;
  size_t colour = 0;
};
std::string bar_chart(const std::string& alt,
                      const std::string& axis_label,
                      const std::vector<Bar>& bars);

/// How often values fall between round steps, about `bins` of them; each step has its lower end.
std::string histogram(const std::string& alt,
                      const Axis& x,
                      const std::string& count_label,
                      const std::vector<double>& values,
                      int bins = 24);

/// A table of counts as shades of one colour, darkest at the largest of its row (so that rare rows
/// show as well), with the numbers in the cells where there is room. `values`: [row][column].
std::string heat_map(const std::string& alt,
                     const std::vector<std::string>& rows,
                     const std::vector<std::string>& columns,
                     const std::vector<std::vector<double>>& values);

/// Round tick values (1, 2 or 5 times a power of ten apart) that cover low..high, about `wanted` of
/// them. Equal or unordered ends are widened or swapped, ends that are not finite give 0..1.
std::vector<double> round_ticks(double low, double high, int wanted = 5);

}  // namespace evenray
