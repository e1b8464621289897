// SPDX-License-Identifier: Apache-2.0
#include "metrics/logistic.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fixture.hpp"

using namespace evenray;

using Labels = std::vector<uint8_t>;

TEST_CASE("logistic regression agrees with scikit-learn") {
  const Json cases = golden_json("metrics/stats.json")["logistic"];
  for (const auto& one : cases) {
    INFO(one["kind"]);
    const auto rows = one["features"].get<FeatureRows>();
    const auto model = fit_logistic(rows, one["labels"].get<Labels>(), 1);
    CHECK(model.intercept == Approx(one["intercept"].get<double>()).epsilon(1e-6));
    REQUIRE(model.weights.size() == 4);
    for (size_t j = 0; j < 4; ++j) {
      CHECK(model.weights[j] == Approx(one["weights"][j].get<double>()).epsilon(1e-6).margin(1e-9));
    }
    CHECK(model.weights[3] == 0);  // the constant column
    for (size_t i = 0; i < rows.size(); ++i) {
      CHECK(model.predict(rows[i]) == Approx(one["probabilities"][i].get<double>()).margin(1e-6));
    }
  }
}

TEST_CASE("tables of text agree with scikit-learn on hand-made features") {
  const auto one = golden_json("metrics/stats.json")["table"];
  const auto rows = one["rows"].get<std::vector<std::vector<std::string>>>();
  const TableEncoder encoder(rows, 1);
  CHECK(encoder.size() == 9);  // age, age missing, 3 sexes, 3 views, the constant
  const auto features = encoder.encode(rows);
  const auto model = fit_logistic(features, one["labels"].get<Labels>(), 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    CHECK(model.predict(features[i]) == Approx(one["probabilities"][i].get<double>()).margin(1e-6));
  }
}

TEST_CASE("rare texts and texts seen later are no features") {
  std::vector<std::vector<std::string>> rows(10, {"knee"});
  for (int i = 0; i < 6; ++i) rows.push_back({"hip"});
  rows.push_back({"once"});
  const TableEncoder encoder(rows);
  REQUIRE(encoder.size() == 2);
  CHECK(encoder.encode({{"once"}}) == encoder.encode({{"never"}}));
  CHECK(encoder.encode({{"once"}}) != encoder.encode({{"hip"}}));
  CHECK(TableEncoder(rows, 5, 1).size() == 1);
  CHECK(TableEncoder({}).size() == 0);
}

TEST_CASE("separable, weakly penalised data end with finite weights") {
  const FeatureRows rows{{-2}, {-1}, {1}, {2}};
  const auto model = fit_logistic(rows, Labels{0, 0, 1, 1}, 1e-6);
  CHECK(std::isfinite(model.weights[0]));
  CHECK(model.predict(rows[0]) < 1e-3);
  CHECK(model.predict(rows[3]) > 1 - 1e-3);
}

TEST_CASE("with one label, or without features, the share of positives is predicted") {
  const auto lone = fit_logistic({{1.}, {2.}, {3.}}, Labels{0, 0, 0});
  CHECK(lone.predict(std::vector<double>{9}) == Approx(.125));
  const auto bare = fit_logistic(FeatureRows(4), Labels{1, 0, 0, 0});
  CHECK(bare.predict({}) == Approx(.25));
}
