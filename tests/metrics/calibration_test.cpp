// SPDX-License-Identifier: Apache-2.0
#include "metrics/calibration.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"

using namespace evenray;

using Doubles = std::vector<double>;
using Labels = std::vector<uint8_t>;

namespace {

double error_of_bins(const Doubles& p, const Labels& y, const Doubles& weights, int bins) {
  return calibration_error(reliability(RankedScores(p, y), p, y, weights, bins));
}

}  // namespace

TEST_CASE("the Brier score by hand") {
  CHECK(brier_score(Doubles{.8, .3}, Labels{1, 0}) == Approx((.04 + .09) / 2));
  CHECK(brier_score(Doubles{.8, .3}, Labels{1, 0}, Doubles{1, 3}) == Approx((.04 + .27) / 4));
  CHECK(std::isnan(brier_score(Doubles{}, Labels{})));
}

TEST_CASE("the calibration error by hand") {
  // Two bins of two rows: |.85 - 1| and |.25 - .5|.
  const Doubles p{.9, .8, .3, .2};
  const Labels y{1, 1, 0, 1};
  CHECK(error_of_bins(p, y, {}, 2) == Approx((.15 + .25) / 2));
  CHECK(error_of_bins(p, y, {}, 1) == Approx(.75 - .55));
  // Weights count rows several times.
  CHECK(error_of_bins(p, y, {2, 1, 0, 3}, 2) ==
        Approx(error_of_bins({.9, .9, .8, .2, .2, .2}, {1, 1, 1, 1, 1, 1}, {}, 2)));
  CHECK(std::isnan(calibration_error({})));
}

TEST_CASE("bins hold equal mass, and equal probabilities share one") {
  Doubles p;
  Labels y;
  Rng rng(1);
  for (int i = 0; i < 300; ++i) {
    p.push_back(rng.uniform());
    y.push_back(rng.chance(p.back()));
  }
  const auto bins = reliability(RankedScores(p, y), p, y);
  CHECK(bins.size() == 15);
  for (const auto& bin : bins) CHECK(bin.weight == 20);
  CHECK(calibration_error(bins) < .15);

  const Doubles same(10, .3);
  const Labels labels{1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  const auto one = reliability(RankedScores(same, labels), same, labels);
  REQUIRE(one.size() == 1);
  CHECK(one[0].observed == Approx(.3));
  CHECK(calibration_error(one) == Approx(0).margin(1e-12));
}
