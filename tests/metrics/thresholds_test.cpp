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

TEST_CASE("rules pick the points of scikit-learn's ROC curve") {
  const Json golden = golden_json("metrics/decisions.json");
  for (const auto& one : golden["rules"]) {
    Predictions predictions;
    predictions.class_names = {"a"};
    for (size_t i = 0; i < one["labels"].size(); ++i) {
      predictions.ids.push_back(std::to_string(i));
      predictions.groups.emplace_back();
      predictions.labels.push_back({one["labels"][i].get<int8_t>()});
      predictions.probabilities.push_back({one["scores"][i].get<double>()});
    }
    for (const auto& picked : one["picked"]) {
      const auto rule = parse_threshold_rule(picked[0]);
      INFO(picked[0]);
      CHECK(pick_thresholds(predictions, rule).at("a") == Approx(picked[1].get<double>()));
    }
  }
}

TEST_CASE("rules of sensitivity and cost by hand") {
  // Positives at .9 and .4, negatives at .6, .3, .2 and .1.
  const auto predictions = two_classes();
  const auto picked = [&](const char* rule) {
    const auto thresholds = pick_thresholds(predictions, parse_threshold_rule(rule));
    REQUIRE(thresholds.size() == 1);
    return thresholds.at("b");
  };
  CHECK(picked("youden") == picked("sensitivity=1"));
  CHECK(picked("sensitivity=.5") == Approx(.75));
  CHECK(picked("sensitivity=.51") == Approx(.35));
  CHECK(picked("cost=1:1") == Approx(.75));   // one miss or one false alarm: the higher threshold
  CHECK(picked("cost=2:1") == Approx(.35));   // one false alarm costs less than one miss
  CHECK(picked("cost=1:20") == Approx(.75));  // one miss, no false alarm
  // No row is the cheapest prediction: between the highest score and 1, unless a score is 1.
  auto reversed = predictions;
  reversed.labels = {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {0, 1}, {0, 1}};
  const auto rule = parse_threshold_rule("cost=1:1");
  CHECK(pick_thresholds(reversed, rule).at("b") == Approx(.95));
  CHECK(pick_thresholds(reversed).empty());
  reversed.probabilities[0] = {0, 1};
  CHECK(pick_thresholds(reversed, rule).at("b") == Approx(.8));
  for (auto& labels : reversed.labels) labels = {0, 1};
  CHECK(pick_thresholds(reversed, rule).empty());  // all labels are the same
}

TEST_CASE("threshold rules are parsed, others refused with 78") {
  CHECK(parse_threshold_rule("youden").kind == ThresholdRule::Kind::youden);
  CHECK(parse_threshold_rule("sensitivity=.95").sensitivity == .95);
  const auto cost = parse_threshold_rule("cost=10:.5");
  CHECK(cost.kind == ThresholdRule::Kind::cost);
  CHECK(cost.miss_cost == 10);
  CHECK(cost.false_alarm_cost == .5);
  for (const char* wrong : {"",
                            "Youden",
                            "youden=1",
                            "sensitivity",
                            "sensitivity=",
                            "sensitivity=0",
                            "sensitivity=1.01",
                            "sensitivity=95%",
                            "cost=1",
                            "cost=1:0",
                            "cost=-1:1",
                            "cost=1:2:3",
                            "cost=nan:1",
                            "specificity=.9"}) {
    INFO(wrong);
    const Error error = error_of([&] { parse_threshold_rule(wrong); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), cat("classify.threshold is '", wrong, "'; expected youden")));
  }
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
