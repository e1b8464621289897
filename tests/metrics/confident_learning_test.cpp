// SPDX-License-Identifier: Apache-2.0
#include "metrics/confident_learning.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"
#include "metrics/stats.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("confident learning counts rows by hand") {
  // Thresholds: (.9 + .6 + .3) / 3 = .6 and (.8 + .4) / 2 = .6.
  const auto found =
      confident_learning({0, 0, 0, 1, 1}, {{.9, .1}, {.6, .4}, {.3, .7}, {.2, .8}, {.6, .4}});
  CHECK(found.thresholds[0] == Approx(.6));
  CHECK(found.thresholds[1] == Approx(.6));
  CHECK(found.joint == std::vector<std::vector<int64_t>>{{2, 1}, {1, 1}});
  REQUIRE(found.suspects.size() == 2);
  CHECK(found.suspects[0].row == 2);
  CHECK(found.suspects[0].given == 0);
  CHECK(found.suspects[0].suggested == 1);
  CHECK(found.suspects[0].score == Approx(.7));
  CHECK(found.suspects[1].row == 4);
  CHECK(found.suspects[1].score == Approx(.6));
}

TEST_CASE("several classes above their threshold: the most likely of these") {
  // Thresholds .26, .3 and .9: the third class is the most likely one of the last row, but misses
  // its threshold.
  const auto found = confident_learning(
      {0, 1, 2, 0}, {{.2, .4, .4}, {.4, .3, .3}, {.05, .05, .9}, {.32, .31, .37}});
  CHECK(found.thresholds[0] == Approx(.26));
  CHECK(found.joint[0] == std::vector<int64_t>{1, 1, 0});
  REQUIRE(found.suspects.size() == 2);
  CHECK(found.suspects[0].row + found.suspects[1].row == 0 + 1);
}

TEST_CASE("rows without a label and classes without rows count nowhere") {
  const auto found = confident_learning({0, -1, 0}, {{.8, .1, .1}, {0, 1, 0}, {.1, .1, .8}});
  CHECK(std::isinf(found.thresholds[1]));
  CHECK(found.joint[0] == std::vector<int64_t>{1, 0, 0});
  CHECK(found.suspects.empty());
  CHECK(confident_learning({}, {}).suspects.empty());
}

TEST_CASE("confident learning meets cleanlab") {
  for (const auto& one : golden_json("metrics/confident_learning.json")) {
    const auto labels = one["labels"].get<std::vector<int>>();
    const auto found =
        confident_learning(labels, one["probabilities"].get<std::vector<std::vector<double>>>());
    const auto thresholds = one["thresholds"].get<std::vector<double>>();
    for (size_t c = 0; c < thresholds.size(); ++c)
      CHECK(found.thresholds[c] == Approx(thresholds[c]).epsilon(1e-12));
    CHECK(found.joint == one["joint"].get<std::vector<std::vector<int64_t>>>());
    std::vector<size_t> rows;
    double last = 1;
    for (const auto& suspect : found.suspects) {
      rows.push_back(suspect.row);
      CHECK(suspect.score == Approx(1 - one["quality"][suspect.row].get<double>()).epsilon(1e-12));
      CHECK(suspect.score <= last);
      last = suspect.score;
    }
    std::sort(rows.begin(), rows.end());
    CHECK(rows == one["suspects"].get<std::vector<size_t>>());
  }
}

TEST_CASE("turned labels lead the ranking") {
  // A classifier like those of small studies (AUROC about .85) on a set with a rare class.
  for (const uint64_t seed : {1, 2, 3}) {
    Rng rng(seed);
    constexpr size_t kRows = 2000;
    constexpr double kTurned = .05;
    std::vector<int> labels;
    std::vector<uint8_t> turned;
    std::vector<std::vector<double>> probabilities;
    for (size_t i = 0; i < kRows; ++i) {
      const int truth = rng.chance(.17);
      // Normal scores 1.5 deviations apart, as probabilities with the share of the rare class.
      const double score = rng.normal() + 1.5 * truth;
      const double p = 1 / (1 + std::exp(-(1.5 * score - 1.125 + std::log(.17 / .83))));
      turned.push_back(rng.chance(kTurned));
      labels.push_back(turned.back() ? 1 - truth : truth);
      probabilities.push_back({1 - p, p});
    }
    std::vector<double> scores(kRows, 0);  // no suspect: last
    for (const auto& suspect : confident_learning(labels, probabilities).suspects)
      scores[suspect.row] = suspect.score;
    CAPTURE(seed, average_precision(scores, turned));
    CHECK(average_precision(scores, turned) >= 3 * kTurned);
  }
}
