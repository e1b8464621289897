// SPDX-License-Identifier: Apache-2.0
#include "metrics/support.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "metrics/metrics.hpp"
#include "metrics/scored.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// `positive` and `negative` groups of two rows each, with one class "b" beside "a".
Predictions few_groups(int positive, int negative) {
  Predictions out;
  out.class_names = {"a", "b"};
  for (int i = 0; i < 2 * (positive + negative); ++i) {
    const bool rare = i / 2 < positive;
    const double p = ((i * 7) % 11) / 20. + .3 * rare;
    out.ids.push_back(cat("r", i));
    out.groups.push_back(cat("g", i / 2));
    out.labels.push_back({static_cast<int8_t>(!rare), static_cast<int8_t>(rare)});
    out.probabilities.push_back({1 - p, p});
  }
  return out;
}

MetricOptions with_draws() {
  MetricOptions options;
  options.bootstrap_draws = 50;
  return options;
}

}  // namespace

TEST_CASE("groups are counted by the kinds of rows that they have") {
  const Support support =
      support_of(std::vector<uint8_t>{1, 1, 0, 0, 1, 0}, {"one", "one", "one", "two", "", ""});
  CHECK(support.positive == 2);  // "one" and a row without a group
  CHECK(support.negative == 3);  // "one", "two" and a row without a group
  CHECK(support.least() == 2);
}

TEST_CASE("an interval needs 3 groups of each kind, and 10 to go without a caution") {
  const std::vector<double> replicates{.1, .2, .3};
  CHECK(std::isnan(Support{2, 50}.interval(replicates).low));
  CHECK(Support{2, 50}.caution() ==
        "only 2 positive groups (fewer than 3), so there are no intervals");
  CHECK(Support{50, 1}.caution() ==
        "only 1 negative group (fewer than 3), so there are no intervals");
  CHECK(Support{3, 50}.interval(replicates).high == Approx(.295));
  CHECK(Support{9, 50}.caution() ==
        "only 9 positive groups (fewer than 10), so the intervals are unreliable");
  CHECK(Support{10, 10}.caution().empty());
}

TEST_CASE("a panel from 2 positive groups has no interval, from 9 a caution, from 10 neither") {
  const Json none = metrics(few_groups(2, 30), with_draws());
  for (const char* key : {"a.auroc", "b.auroc", "b.sensitivity", "macro.f1", "balanced_accuracy"}) {
    CAPTURE(key);
    CHECK(none["ci"][key].is_null());
  }
  // What does not depend on the rare class keeps its interval.
  CHECK(none["ci"]["accuracy"].is_array());
  CHECK(none["ci"]["micro.auroc"].is_array());
  CHECK(none["cautions"] ==
        Json{"a: only 2 negative groups (fewer than 3), so there are no intervals",
             "b, macro, balanced_accuracy: only 2 positive groups (fewer than 3), so there are no "
             "intervals"});
  const std::string text = metrics_text(none);
  CHECK(contains(text, "caution: b, macro, balanced_accuracy: only 2 positive groups"));
  CHECK(contains(text, " [-] "));

  const Json few = metrics(few_groups(9, 30), with_draws());
  CHECK(few["ci"]["b.auroc"].is_array());
  CHECK(few["cautions"].size() == 2);
  CHECK(contains(metrics_text(few), "only 9 positive groups (fewer than 10)"));
  const Json enough = metrics(few_groups(10, 30), with_draws());
  CHECK(enough["cautions"].empty());
  CHECK_FALSE(contains(metrics_text(enough), "caution"));
}

TEST_CASE("a paired difference from too few groups has neither interval nor p") {
  const auto predictions = few_groups(2, 30);
  const Json json = compare_metrics(predictions, predictions, with_draws());
  CHECK(json["differences"]["b.auroc"]["ci"].is_null());
  CHECK(json["differences"]["b.auroc"]["p"].is_null());
  CHECK(json["differences"]["accuracy"]["ci"].is_array());
  CHECK(contains(comparison_text(json), "caution: b, macro"));
  CHECK(contains(comparison_text(json), "0 [-]"));
}
