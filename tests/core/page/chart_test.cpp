// SPDX-License-Identifier: Apache-2.0
#include "core/page/chart.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/page/chart_axis.hpp"
#include "core/page/chart_canvas.hpp"

using namespace evenray;
using Catch::Matchers::Contains;

namespace {

double luminance(const std::string& colour) {
  const double weights[]{.2126, .7152, .0722};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.;
    sum += weights[i] * (c <= .04045 ? c / 12.92 : std::pow((c + .055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a) + .05, y = luminance(b) + .05;
  return std::max(x, y) / std::min(x, y);
}

size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

void check_drawn(const std::string& chart) {
  CHECK(count(chart, "<svg class=\"wide\" role=\"img\"") == 1);
  CHECK(count(chart, "<svg class=\"narrow\" role=\"img\"") == 1);
  CHECK(chart.find("nan\"") == std::string::npos);
  CHECK(chart.find("inf") == std::string::npos);
  CHECK(chart.find("nan ") == std::string::npos);
}

}  // namespace

TEST_CASE("ticks are round and cover the range") {
  CHECK(round_ticks(0, 1) == std::vector<double>{0, .2, .4, .6, .8, 1});
  CHECK(round_ticks(0, 2490) == std::vector<double>{0, 500, 1000, 1500, 2000, 2500});
  CHECK(round_ticks(-.04, .031) == std::vector<double>{-.04, -.02, 0, .02, .04});
  CHECK(round_ticks(1, 0) == round_ticks(0, 1));
  CHECK(round_ticks(NAN, 5) == round_ticks(0, 1));
  CHECK(round_ticks(0, INFINITY) == round_ticks(0, 1));
}

TEST_CASE("ticks stay few and rising for any range") {
  for (const double low : {0., -1e-300, -3.7, 1e12, -1e300, 5e-324, .8341, -1e308}) {
    for (const double span : {0., 1e-12, .0003, 1., 47., 1e9, 1e300, 1e308}) {
      for (const int wanted : {-1, 1, 4, 10}) {
        const auto ticks = round_ticks(low, low + span, wanted);
        INFO(low << " + " << span << ", " << wanted);
        REQUIRE(ticks.size() >= 2);
        CHECK(ticks.size() <= 2 * static_cast<size_t>(std::max(wanted, 1)) + 3);
        for (size_t i = 1; i < ticks.size(); ++i) CHECK(ticks[i - 1] < ticks[i]);
        const double slack = 1e-8 * (ticks.back() - ticks.front());
        CHECK(ticks.front() <= low + slack);
        CHECK(ticks.back() >= low + span - slack);
      }
    }
  }
}

TEST_CASE("tick names show the step and no more") {
  const auto names = [](double low, double high) {
    const auto scale = make_scale({}, {low, high}, 5);
    std::vector<std::string> out;
    for (const double tick : scale.ticks) out.push_back(scale.tick_text(tick));
    return out;
  };
  CHECK(names(0, 1) == std::vector<std::string>{"0", ".2", ".4", ".6", ".8", "1"});
  CHECK(names(-.04, .04) == std::vector<std::string>{"−.04", "−.02", "0", ".02", ".04"});
  CHECK(names(.8341, .8346) ==
        std::vector<std::string>{".8341", ".8342", ".8343", ".8344", ".8345", ".8346"});
  CHECK(names(0, 2500)[1] == "500");
  CHECK(names(0, 2500)[5] == "2\u202f500");
  for (const double size : {1e-9, 1e-4, 1., 1e5, 1e16}) {
    const auto all = names(size, 3 * size);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
  }
}

TEST_CASE("fixed ends of an axis hold against the data") {
  const auto scale = make_scale({"", 0., 1.}, {-5, 7}, 5);
  CHECK(scale.low == 0);
  CHECK(scale.high == 1);
  CHECK(scale.ticks.front() == 0);
  CHECK(scale.ticks.back() == 1);
  CHECK(make_scale({"", 10., {}}, {1, 2}, 5).low == 10);
  CHECK(make_scale({"", {}, -3.}, {1, 2}, 5).high == -3);
  CHECK(make_scale({"", NAN, {}}, {1, 2}, 5).low == 1);
  CHECK(make_scale({}, {NAN, INFINITY}, 5).high == 1);
}

TEST_CASE("labels are spread as little as needed and stay in the plot") {
  CHECK(spread_labels({10, 100}, 17, 0, 300) == std::vector<double>{10, 100});
  CHECK(spread_labels({100, 100}, 10, 0, 300) == std::vector<double>{95, 105});
  CHECK(spread_labels({300, 299, 298}, 10, 0, 300) == std::vector<double>{300, 290, 280});
  CHECK(spread_labels({0, 0, 50}, 10, 0, 300) == std::vector<double>{0, 10, 50});
  CHECK(spread_labels({}, 10, 0, 300).empty());
}

TEST_CASE("arms have enough contrast in both schemes and colours of their own") {
  std::set<std::string> light, dark;
  for (size_t i = 0; i < 8; ++i) {
    INFO(i);
    CHECK(contrast(arm_colour(i), "#ffffff") >= 3);
    CHECK(contrast(arm_colour(i, true), "#14171b") >= 3);
    light.insert(arm_colour(i));
    dark.insert(arm_colour(i, true));
    CHECK(arm_colour(i) == arm_colour(i + 8));
  }
  CHECK(light.size() == 8);
  CHECK(dark.size() == 8);
}

TEST_CASE("curves, their references and labels are drawn") {
  const auto chart =
      line_chart("ROC of two arms",
                 {"false positive rate", 0., 1.},
                 {"true positive rate", 0., 1.},
                 {{"real", {0, .2, 1}, {0, .7, 1}, 0}, {"gan", {0, .3, 1}, {0, .7, 1}, 4}},
                 {{"chance", 0, 0, 1, 1}});
  check_drawn(chart);
  CHECK(count(chart, "aria-label=\"ROC of two arms\"") == 2);
  CHECK(count(chart, ">chance</text>") == 2);
  CHECK(count(chart, ">real</text>") == 2);
  CHECK(count(chart, "<path class=\"stroke arm-4\"") ==
        4);  // a curve and its swatch in each drawing
}

TEST_CASE("runs of one colour are named by their mean alone, a mute one is named as such") {
  const auto chart = line_chart("loss",
                                {"kimg"},
                                {"loss"},
                                {{"seed 1", {0, 1}, {1, 2}, 1, true},
                                 {"seed 2", {0, 1}, {1, 3}, 1, true},
                                 {"mean", {0, 1}, {1, 2.5}, 1},
                                 {"lost", {0, 1}, {NAN, NAN}, 2}});
  check_drawn(chart);
  CHECK(count(chart, "seed") == 0);
  CHECK(count(chart, ">mean</text>") == 2);
  CHECK(count(chart, ">lost (no data)</text>") == 2);
  CHECK(count(chart, " thin\"") == 4);
}

TEST_CASE("many points take no more bytes than the picture needs") {
  Series series{"loss", std::vector<double>(100000), std::vector<double>(100000)};
  for (size_t i = 0; i < series.x.size(); ++i) {
    series.x[i] = static_cast<double>(i);
    series.y[i] = static_cast<double>(i * 7919 % 1000);
  }
  series.y[55555] = 5000;
  const auto chart = line_chart("loss", {"step"}, {"loss"}, {series});
  check_drawn(chart);
  CHECK(chart.size() < 150000);
  series.y[55555] = 0;
  CHECK(line_chart("loss", {"step"}, {"loss"}, {series}) != chart);
}

TEST_CASE("line charts survive data that shows nothing") {
  const double nan = NAN, inf = INFINITY, huge = std::numeric_limits<double>::max();
  for (const auto& series :
       std::vector<std::vector<Series>>{{},
                                        {{"empty", {}, {}}},
                                        {{"lost", {nan, 1, inf}, {1, nan, 2}}},
                                        {{"point", {3}, {7}}},
                                        {{"flat", {1, 2}, {5, 5}}},
                                        {{"zero", {0, 0}, {0, 0}}},
                                        {{"huge", {0, 1}, {-huge, huge}}},
                                        {{"gaps", {1, 2, 3, 4}, {1, nan, 3, 4}}}}) {
    check_drawn(
        line_chart("a", {"x"}, {"y"}, series, {{"odd", nan, 0, 1, 1}, {"end", 2, 0, 2, 1}}));
    check_drawn(line_chart("a", {"", 0., 0.}, {"", 5., 1.}, series));
  }
  CHECK_THAT(line_chart("a", {"x"}, {"y"}, {}), Contains("no data"));
  CHECK_THAT(line_chart("a", {"x"}, {"y"}, {{"point", {3}, {7}}}), Contains("<circle"));
}

TEST_CASE("forest plots put the contrast named beforehand on top") {
  const auto chart = forest_plot(
      "differences",
      "difference in AUROC",
      {{"weighted", .006, -.008, .021, false, 1}, {"gan", -.004, -.019, .011, true, 4}});
  check_drawn(chart);
  CHECK(chart.find(">gan<") < chart.find(">weighted<"));
  CHECK_THAT(chart, Contains("−.004 (−.019 to +.011)") && Contains("+.006 (−.008 to +.021)"));
  CHECK(count(chart, "class=\"stroke heavy arm-4\"") == 2);
  CHECK(count(chart, ">no difference<") == 2);
  CHECK(count(chart, ">named beforehand<") == 2);
  CHECK(forest_plot("d", "x", {{"only", 1, 0, 2}}).find("exploratory") == std::string::npos);
}

TEST_CASE("forest plots and bars survive what is missing") {
  const double nan = NAN;
  check_drawn(forest_plot("f", "d", {}));
  const auto odd = forest_plot("f",
                               "",
                               {{"lost", nan, nan, nan, true},
                                {"bare", .2, nan, nan},
                                {"turned", 1, 2, 0},
                                {"zero", 0, 0, 0}});
  check_drawn(odd);
  CHECK_THAT(odd, Contains("no result") && Contains("(.00 to +2.00)"));
  check_drawn(forest_plot("f", "d", {{"zero", 0, 0, 0}}));
  check_drawn(bar_chart("b", "n", {}));
  check_drawn(bar_chart("b", "", {{"lost", nan}, {"none", 0}, {"below", -3}}));
  CHECK_THAT(bar_chart("b", "images", {{"Non_fractured", 2490, 0}}), Contains("2\u202f490"));
}

TEST_CASE("stacked bars show the sum, their parts and a key of the parts that occur") {
  const auto chart = stacked_bar_chart("s",
                                       "rows",
                                       {{"real", 0}, {"copies", 1}, {"none", 2}},
                                       {{"a", {1000, 490, 0}}, {"b", {5, 0, 0}}});
  check_drawn(chart);
  CHECK(count(chart, "<rect class=\"fill arm-0\"") == 2 * 2);
  CHECK(count(chart, "<rect class=\"fill arm-1\"") == 2 * 1);
  CHECK_THAT(chart, Contains("1\u202f490") && Contains(">copies<") && !Contains(">none<"));
  check_drawn(stacked_bar_chart("s", "", {{"real", 0}}, {}));
  const auto lost = stacked_bar_chart("s", "", {{"real", 0}}, {{"a", {NAN}}});
  check_drawn(lost);
  CHECK_THAT(lost, Contains("no result"));
}

TEST_CASE("long names are cut to their room at whole characters") {
  const std::string name(300, 'x');
  CHECK(fitted("short", 200) == "short");
  CHECK(text_width(fitted(name, 200)) <= 200);
  CHECK(fitted("éééééééééé", 40).size() % 2 ==
        1);  // whole characters of two bytes, then "…" of three
  CHECK_THAT(bar_chart("b", "n", {{name, 1}}), Contains("x…"));
}

TEST_CASE("lengths have one digit after the point and no negative zero") {
  CHECK(px(1.25) == "1.3");
  CHECK(px(-.01) == "0");
  CHECK(px(680) == "680");
}

TEST_CASE("histograms count every value in one step") {
  const auto chart = histogram("h", {"px", {}, {}}, "images", {0, 1, 1.5, 2, 10}, 5);
  check_drawn(chart);
  CHECK(count(chart, "<rect class=\"fill arm-0\"") == 2 * 3);  // 0 to 2, 2 to 4, 8 to 10
  check_drawn(histogram("h", {"px"}, "images", {}));
  check_drawn(histogram("h", {"px"}, "images", {NAN, INFINITY}));
  check_drawn(histogram("h", {"px"}, "images", {7, 7, 7}));
}

TEST_CASE("heat maps shade by row and say the numbers where there is room") {
  const auto chart = heat_map("m", {"a", "b"}, {"x", "y"}, {{10, 5}, {0, NAN}});
  check_drawn(chart);
  CHECK(count(chart, "fill-opacity=\"0.53\"") == 2);
  CHECK(count(chart, ">10<") == 2);
  CHECK(count(chart, "<rect") == 2 * 2);
  check_drawn(heat_map("m", {}, {}, {}));
  const std::vector<std::string> many(40, "label");
  CHECK(count(heat_map("m", {"a"}, many, {std::vector<double>(40, 12345)}), ">12345<") == 0);
}

TEST_CASE("dots are not joined") {
  Series dots{"", {1, 2, NAN, 3}, {1, 2, 3, 3}};
  dots.dots = true;
  const auto chart = line_chart("d", {"x"}, {"y"}, {dots});
  check_drawn(chart);
  CHECK(count(chart, "<circle") == 2 * 3);
  CHECK(count(chart, "<path") == 0);
}
