// SPDX-License-Identifier: Apache-2.0
#include "metrics/paired_decisions.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Approx decision_near(double value) { return Approx(value).epsilon(1e-11).margin(1e-15); }

PairedDecisions decisions_of(const Json& one) {
  PairedDecisions out;
  out.labels = one["labels"].get<std::vector<uint8_t>>();
  out.groups = one["groups"].get<std::vector<std::string>>();
  for (size_t i = 0; i < out.labels.size(); ++i) {
    out.first_right.push_back((one["first"][i].get<double>() >= .5) == out.labels[i]);
    out.second_right.push_back((one["second"][i].get<double>() >= .5) == out.labels[i]);
  }
  return out;
}

}  // namespace

TEST_CASE("differences of decisions agree with their definition") {
  const Json golden = golden_json("metrics/comparison_tests.json");
  for (const auto& one : golden["cases"]) {
    INFO(one["name"]);
    const PairedDecisions decisions = decisions_of(one);
    const auto accuracy = accuracy_difference(decisions),
               balanced = balanced_accuracy_difference(decisions);
    const Json& expected = one["decisions"];
    CHECK(accuracy.first == decision_near(expected["accuracy"]["first"]));
    CHECK(accuracy.second == decision_near(expected["accuracy"]["second"]));
    CHECK(accuracy.variance == decision_near(expected["accuracy"]["variance"]));
    CHECK(balanced.first == decision_near(expected["balanced_accuracy"]["first"]));
    CHECK(balanced.second == decision_near(expected["balanced_accuracy"]["second"]));
    CHECK(balanced.variance == decision_near(expected["balanced_accuracy"]["variance"]));
  }
}

TEST_CASE("the exact McNemar test agrees with statsmodels") {
  const Json golden = golden_json("metrics/comparison_tests.json");
  for (const auto& one : golden["mcnemar"]) {
    CHECK(mcnemar_p(one[0], one[1]) == Approx(one[2].get<double>()).epsilon(1e-9));
    CHECK(mcnemar_p(one[1], one[0]) == mcnemar_p(one[0], one[1]));
  }
  CHECK(mcnemar_p(1, 9) == decision_near(22. / 1024));
  CHECK(std::isnan(mcnemar_p(0, 0)));
}

TEST_CASE("differences without rows of a label are undefined") {
  PairedDecisions decisions{{1, 1}, {1, 0}, {0, 0}, {"", ""}};
  CHECK(accuracy_difference(decisions).first == .5);
  CHECK(accuracy_difference(decisions).second == 0);
  CHECK(std::isnan(balanced_accuracy_difference(decisions).first));
  decisions.groups = {"a", "a"};
  CHECK(std::isnan(accuracy_difference(decisions).variance));
  CHECK(std::isnan(accuracy_difference({}).first));
}
