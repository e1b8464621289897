// SPDX-License-Identifier: Apache-2.0
#include "metrics/panel.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Predictions predictions_of(const Json& one) {
  Predictions out;
  out.class_names = one["classes"].get<std::vector<std::string>>();
  out.labels = one["labels"].get<std::vector<std::vector<int8_t>>>();
  out.probabilities = one["probabilities"].get<std::vector<std::vector<double>>>();
  for (size_t i = 0; i < out.labels.size(); ++i) out.ids.push_back(std::to_string(i));
  out.groups.resize(out.ids.size());
  return out;
}

std::map<std::string, double> by_key(const Panel& panel, const std::vector<double>& weights) {
  const auto values = panel.values(weights);
  std::map<std::string, double> out;
  for (size_t k = 0; k < values.size(); ++k) out[panel.keys()[k]] = values[k];
  return out;
}

Approx panel_near(double value) { return Approx(value).epsilon(1e-12).margin(1e-12); }

}  // namespace

TEST_CASE("the panel agrees with scikit-learn, with and without weights") {
  for (const auto& one : golden_json("metrics/metrics.json")) {
    INFO(one["name"]);
    const auto predictions = predictions_of(one);
    const Panel panel(predictions, one["thresholds"].get<Thresholds>());
    for (const char* kind : {"unweighted", "weighted"}) {
      INFO(kind);
      const auto& expected = one[kind];
      const auto values =
          by_key(panel,
                 kind == std::string("weighted") ? one["weights"].get<std::vector<double>>()
                                                 : std::vector<double>{});
      for (const auto metric : kClassMetrics) {
        const std::string name(metric);
        INFO(name);
        for (size_t c = 0; c < predictions.class_names.size(); ++c) {
          CHECK(values.at(predictions.class_names[c] + "." + name) ==
                panel_near(expected["classes"][c][name]));
        }
        CHECK(values.at("macro." + name) == panel_near(expected["macro"][name]));
        CHECK(values.at("micro." + name) == panel_near(expected["micro"][name]));
      }
      CHECK(values.at("balanced_accuracy") == panel_near(expected["balanced_accuracy"]));
      CHECK(values.at("accuracy") == panel_near(expected["accuracy"]));
    }
  }
}

TEST_CASE("what is undefined is NaN, and a mean leaves it out") {
  Predictions predictions;
  predictions.class_names = {"always", "never", "some"};
  predictions.ids = {"1", "2", "3", "4"};
  predictions.groups.resize(4);
  predictions.labels = {{1, 0, 1}, {1, 0, 0}, {1, 0, 1}, {1, 0, 0}};
  predictions.probabilities = {{.9, .1, .8}, {.9, .1, .2}, {.9, .1, .7}, {.9, .1, .6}};
  const Panel panel(predictions, {});
  const auto values = by_key(panel, {});
  for (const char* key : {"always.auroc",
                          "always.specificity",
                          "always.npv",
                          "always.mcc",
                          "never.auroc",
                          "never.auprc",
                          "never.sensitivity",
                          "never.ppv",
                          "never.f1"}) {
    INFO(key);
    CHECK(std::isnan(values.at(key)));
  }
  CHECK(values.at("always.sensitivity") == 1);
  CHECK(values.at("never.specificity") == 1);
  CHECK(values.at("some.auroc") == 1);
  CHECK(values.at("macro.auroc") == 1);
  CHECK(values.at("macro.sensitivity") == 1);
  CHECK(values.at("balanced_accuracy") == Approx(.75));  // of "some" alone
  CHECK(values.at("accuracy") == Approx(11.0 / 12));
  CHECK(panel.positives(2) == 2);

  // A draw without positives of "some" leaves the mean undefined rather than shifting it.
  const auto drawn = by_key(panel, {0, 2, 0, 2});
  CHECK(std::isnan(drawn.at("some.auroc")));
  CHECK(std::isnan(drawn.at("macro.auroc")));
}

TEST_CASE("rows of unknown class are left out of everything") {
  auto one = golden_json("metrics/metrics.json")[0];
  const auto predictions = predictions_of(one);
  auto more = predictions;
  more.ids.push_back("unknown");
  more.groups.push_back("");
  more.labels.push_back({-1, -1});
  more.probabilities.push_back({.1, .9});
  CHECK(Panel(more, {}).values() == Panel(predictions, {}).values());
}
