// SPDX-License-Identifier: Apache-2.0
#include "metrics/thresholds.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// Two exclusive classes; b is the rarer one.
Predictions two_classes() {
  Predictions out;
  out.class_names = {"a", "b"};
  for (const double p : {.9, .6, .4, .3, .2, .1}) {
    out.ids.push_back(cat("r", out.rows()));
    out.groups.push_back("");
    out.probabilities.push_back({1 - p, p});
  }
  out.labels = {{0, 1}, {1, 0}, {0, 1}, {1, 0}, {1, 0}, {1, 0}};
  return out;
}

std::vector<int> predicted(const Predictions& predictions,
                           const Thresholds& thresholds,
                           size_t c = 1) {
  std::vector<int> out;
  for (const auto& row : decide(predictions, thresholds).predicted) out.push_back(row[c]);
  return out;
}

}  // namespace

TEST_CASE("Youden's J picks the rarer of two exclusive classes") {
  // Sensitivity 1 and specificity 3/4 from .4 on; the threshold lies midway to .3.
  const auto picked = pick_thresholds(two_classes());
  REQUIRE(picked.size() == 1);
  CHECK(picked.at("b") == Approx(.35));
}

TEST_CASE("labels that do not exclude one another get a threshold each, chance none") {
  auto predictions = two_classes();
  predictions.labels = {{1, 1}, {1, 1}, {1, 0}, {1, 0}, {1, 0}, {1, -1}};
  const auto picked = pick_thresholds(predictions);
  REQUIRE(picked.size() == 1);  // all are a
  CHECK(picked.at("b") == Approx(.5));
  predictions.labels = {{0, 0}, {0, 0}, {0, 0}, {0, 1}, {0, 1}, {0, 1}};
  CHECK(pick_thresholds(predictions).empty());  // worse than chance
  // A positive at the lowest score: the threshold is that score.
  predictions.class_names = {"a"};
  predictions.labels = {{1}, {1}};
  predictions.probabilities = {{.7}, {.2}};
  predictions.ids = predictions.groups = {"1", "2"};
  CHECK(pick_thresholds(predictions).empty());
  predictions.labels = {{1}, {0}};
  CHECK(pick_thresholds(predictions).at("a") == Approx(.45));
}

TEST_CASE("two exclusive classes are decided by argmax or by the threshold of one") {
  const auto predictions = two_classes();
  const auto argmax = decide(predictions, {});
  CHECK(argmax.exclusive);
  CHECK_FALSE(argmax.thresholds[0]);
  CHECK_FALSE(argmax.thresholds[1]);
  CHECK(predicted(predictions, {}) == std::vector<int>{1, 1, 0, 0, 0, 0});
  CHECK(predicted(predictions, {{"b", .3}}) == std::vector<int>{1, 1, 1, 1, 0, 0});
  CHECK(predicted(predictions, {{"a", .75}}) == std::vector<int>{1, 1, 1, 1, 0, 0});
  const auto both = decide(predictions, {{"a", .1}, {"b", .3}});
  CHECK_FALSE(both.thresholds[0]);
  CHECK(both.thresholds[1] == .3);
  for (const auto& row : both.predicted) CHECK(row[0] + row[1] == 1);
  CHECK(predicted(predictions, {{"b", 0}}) == std::vector<int>(6, 1));
}

TEST_CASE("labels are decided one by one") {
  auto predictions = two_classes();
  predictions.labels[0] = {1, 1};
  const auto decisions = decide(predictions, {{"b", .35}});
  CHECK_FALSE(decisions.exclusive);
  CHECK(decisions.thresholds[0] == .5);
  CHECK(predicted(predictions, {{"b", .35}}) == std::vector<int>{1, 1, 1, 0, 0, 0});
  CHECK(predicted(predictions, {{"b", .35}}, 0) == std::vector<int>{0, 0, 1, 1, 1, 1});
}

TEST_CASE("thresholds are read, and refused where they are none") {
  const ScratchFolder folder;
  const auto read = [&](const std::string& text) {
    write_atomic(folder / "t.json", text);
    return read_thresholds(folder / "t.json");
  };
  CHECK(read("{\"a\": 0.25, \"b\": 1}") == Thresholds{{"a", .25}, {"b", 1}});
  for (const char* wrong : {"[1]", "{\"a\": 1.5}", "{\"a\": \"x\"}", "{\"a\": null}", "{"}) {
    CHECK(error_of([&] { read(wrong); }).code() == Exit::bad_data);
  }
  CHECK(error_of([] { read_thresholds("/nowhere.json"); }).code() == Exit::missing_input);
  CHECK(error_of([] { decide(two_classes(), {{"c", .5}}); }).code() == Exit::bad_data);
}
