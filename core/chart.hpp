// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace evenray {

/// SVG charts in the house's look, with role="img" and a text alternative. Colours come from the page's style sheet where they are
/// ink and rules, and from arm_colour where they tell series apart.

/// The Okabe-Ito colour of series i: the same i has the same colour in every chart.
std::string arm_colour(size_t index);

struct Series {
  std::string name;
  std::vector<double> x, y;
  size_t colour = 0;
  bool thin = false;    ///< one of several runs: thin and pale
  bool dashed = false;
};

struct Axis {
  std::string label;  ///< with its unit
  std::optional<double> low, high;  ///< empty: from the data, to round values
};

struct ReferenceLine {
  std::string name;  ///< "chance", "prevalence .17"
  double x0, y0, x1, y1;
};

/// Curves with labels at the line.
std::string line_chart(const std::string& alt, const Axis& x, const Axis& y, const std::vector<Series>& series,
                       const std::vector<ReferenceLine>& references = {});

struct ForestRow {
  std::string name;
  double value = 0, low = 0, high = 0;
  bool primary = false;  ///< the contrast named beforehand: on top and heavier
  size_t colour = 0;
};

/// Differences with intervals and a named zero line.
std::string forest_plot(const std::string& alt, const std::string& axis_label, const std::vector<ForestRow>& rows);

struct Bar {
  std::string name;
  double value = 0;
  size_t colour = 0;
};
std::string bar_chart(const std::string& alt, const std::string& axis_label, const std::vector<Bar>& bars);

/// Round tick values that cover low..high, about `wanted` of them.
std::vector<double> round_ticks(double low, double high, int wanted = 5);

}  // namespace evenray
