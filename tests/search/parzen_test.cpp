// SPDX-License-Identifier: Apache-2.0
#include "search/parzen.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/json.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("densities are those of Optuna") {
  const Json golden = read_json(golden_path("search/parzen.json"));
  for (const Json& one : golden.at("cases")) {
    const auto values = one.at("values").get<std::vector<double>>();
    Dimension dimension{.key = "x"};
    if (one.contains("choices")) {
      dimension.choices.resize(one.at("choices").get<size_t>());
    } else {
      dimension.low = one.at("low");
      dimension.high = one.at("high");
    }
    const ParzenDensity density(dimension, values);
    for (size_t i = 0; i < one.at("points").size(); ++i) {
      CAPTURE(values.size(), one.at("points")[i]);
      CHECK(density.log_density(one.at("points")[i]) ==
            Approx(one.at("log_densities")[i].get<double>()).epsilon(1e-9));
    }
  }
}

TEST_CASE("draws follow the density") {
  Rng rng(4);
  const Dimension range{.key = "x", .low = -2, .high = 5};
  const ParzenDensity density(range, {-1.5, 4, 4.2});
  constexpr int kDraws = 20000, kBins = 7;
  std::vector<double> share(kBins);
  for (int i = 0; i < kDraws; ++i) {
    const double value = density.draw(rng);
    REQUIRE(value >= -2);
    REQUIRE(value <= 5);
    share[static_cast<size_t>(std::min(kBins - 1., std::floor(value + 2)))] += 1. / kDraws;
  }
  for (int bin = 0; bin < kBins; ++bin) {
    double mass = 0;
    for (int k = 0; k < 100; ++k)
      mass += std::exp(density.log_density(-2 + bin + (k + .5) / 100)) / 100;
    CHECK(share[static_cast<size_t>(bin)] == Approx(mass).margin(.015));
  }
  const Dimension words{.key = "w", .choices = {"a", "b", "c"}};
  const ParzenDensity of_words(words, {1, 1, 2});
  double ones = 0;
  for (int i = 0; i < kDraws; ++i) ones += of_words.draw(rng) == 1;
  CHECK(ones / kDraws == Approx(std::exp(of_words.log_density(1))).margin(.015));
}

TEST_CASE("the estimator finds a maximum sooner than chance") {
  const std::vector<Dimension> space{{.key = "x", .low = -4, .high = 4},
                                     {.key = "y", .low = -4, .high = 4},
                                     {.key = "w", .choices = {"bad", "good"}}};
  const auto value = [](const Point& p) {
    return -(p[0] - 1) * (p[0] - 1) - (p[1] + 2) * (p[1] + 2) - (p[2] == 1 ? 0 : 3);
  };
  const auto best_of_60 = [&](bool proposes, uint64_t seed) {
    std::vector<Point> points;
    std::vector<double> scores;
    for (uint64_t i = 0; i < 60; ++i) {
      const Rng own = Rng(seed).fork("trial", i);
      Point point;
      if (proposes && i >= 10) {
        point = propose(space, points, scores, own);
      } else {
        Rng draw = own;
        for (const auto& dimension : space) point.push_back(dimension.draw(draw));
      }
      points.push_back(point);
      scores.push_back(value(point));
    }
    return *std::max_element(scores.begin(), scores.end());
  };
  double found = 0, chance = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    found += best_of_60(true, seed) / 10;
    chance += best_of_60(false, seed) / 10;
  }
  CHECK(found > .8 * chance);  // both are negative
}
