// SPDX-License-Identifier: Apache-2.0
#include "metrics/decision_curve.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "metrics/metrics.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Doubles = std::vector<double>;
using Labels = std::vector<uint8_t>;

}  // namespace

TEST_CASE("net benefit by hand") {
  // At .2 a false positive weighs a quarter of a missed positive.
  const auto curve =
      decision_curve(Doubles{.9, .2, .1, .5}, Labels{1, 0, 1, 0}, Doubles{0, .2, .6});
  CHECK(curve[0].model == .5);
  CHECK(curve[0].all == .5);
  CHECK(curve[1].model == Approx((1 - 2 * .25) / 4));  // a probability of .2 reaches .2
  CHECK(curve[1].all == Approx((2 - 2 * .25) / 4));
  CHECK(curve[2].model == Approx(.25));
  CHECK(curve[2].all == Approx((2 - 2 * 1.5) / 4));
  CHECK(std::isnan(decision_curve(Doubles{}, Labels{}, Doubles{.1})[0].model));
}

TEST_CASE("net benefit agrees with numpy and with dcurves") {
  const Json golden = golden_json("metrics/decisions.json");
  REQUIRE(golden["thresholds"].get<Doubles>() ==
          Doubles(kDecisionThresholds.begin(), kDecisionThresholds.end()));
  for (const auto& one : golden["curves"]) {
    const auto curve = decision_curve(
        one["scores"].get<Doubles>(), one["labels"].get<Labels>(), kDecisionThresholds);
    REQUIRE(curve.size() == one["model"].size());
    for (size_t i = 0; i < curve.size(); ++i) {
      CHECK(curve[i].model == Approx(one["model"][i].get<double>()).epsilon(1e-11).margin(1e-14));
      CHECK(curve[i].all == Approx(one["all"][i].get<double>()).epsilon(1e-11).margin(1e-14));
    }
  }
}

TEST_CASE("the panel's decision curve uses calibrated probabilities") {
  Predictions predictions;
  predictions.class_names = {"a", "b"};
  for (int i = 0; i < 40; ++i) {
    predictions.ids.push_back(cat("r", i));
    predictions.groups.emplace_back();
    const double p = (i % 10 + .5) / 10;
    predictions.probabilities.push_back({p, 1 - p});
    predictions.labels.push_back({static_cast<int8_t>(i % 3 == 0), static_cast<int8_t>(-1)});
  }
  MetricOptions options;
  options.bootstrap_draws = 0;
  const Json plain = metrics(predictions, options)["decision_curve"];
  CHECK(plain["calibrated"] == false);
  CHECK(plain["none"] == 0);
  CHECK(plain["thresholds"].size() == kDecisionThresholds.size());
  CHECK(plain["classes"][0]["name"] == "a");
  CHECK(plain["classes"][0]["model"].size() == kDecisionThresholds.size());
  CHECK(plain["classes"][1]["model"][0].is_null());  // no label is known
  CHECK_FALSE(contains(metrics_text(metrics(predictions, options)), "net benefit"));

  options.temperature = Temperature{.5, false};
  Predictions calibrated = predictions;
  calibrated.probabilities = options.temperature->apply(predictions.probabilities);
  const Json with = metrics(predictions, options);
  CHECK(with["decision_curve"]["calibrated"] == true);
  CHECK(with["decision_curve"]["classes"] == decision_curve_json(calibrated, true)["classes"]);
  CHECK(with["decision_curve"]["classes"] != plain["classes"]);
  const std::string text = metrics_text(with);
  CHECK(contains(text, "net benefit (of treating all) at"));
  CHECK(contains(text, "\nb  "));
}
