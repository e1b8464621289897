// SPDX-License-Identifier: Apache-2.0
#include "metrics/permutation.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Doubles = std::vector<double>;
using Labels = std::vector<uint8_t>;

Labels right(const Doubles& scores, const Labels& labels) {
  Labels out;
  for (size_t i = 0; i < scores.size(); ++i) out.push_back((scores[i] >= .5) == labels[i]);
  return out;
}

}  // namespace

TEST_CASE("permutations agree with all swaps of scikit-learn's metrics") {
  const Json golden = golden_json("metrics/comparison_tests.json");
  REQUIRE(golden["permutations"].size() == 3);
  for (const auto& one : golden["permutations"]) {
    const auto first = one["first"].get<Doubles>(), second = one["second"].get<Doubles>();
    const auto labels = one["labels"].get<Labels>();
    const auto groups = one["groups"].get<std::vector<std::string>>();
    // The last case has 13 groups, so its swaps are drawn: 5 standard errors of a share are .018.
    const bool drawn = &one == &golden["permutations"].back();
    const auto near = [&](const Json& p) {
      return Approx(p.get<double>()).epsilon(1e-12).margin(drawn ? .018 : 0);
    };
    Permutations permutations;
    permutations.draws = 20000;
    CHECK(auroc_permutation_p(first, second, labels, groups, permutations) == near(one["auroc_p"]));
    CHECK(balanced_accuracy_permutation_p(
              right(first, labels), right(second, labels), labels, groups, permutations) ==
          near(one["balanced_accuracy_p"]));
  }
}

TEST_CASE("a permutation p by hand, and how often swaps are drawn") {
  // Three groups that add 3, 1 and 1: |sum| is 5 without a swap and with all swapped.
  const Doubles parts{3, 1, 1};
  const auto sum = [&](std::span<const uint8_t> swapped) {
    double out = 0;
    for (size_t i = 0; i < parts.size(); ++i) out += swapped[i] ? -parts[i] : parts[i];
    return out;
  };
  CHECK(permutation_p(3, sum, {}) == 2. / 8);
  CHECK(permutation_p(3, sum, {0, Rng(1), 1}) == 2. / 8);
  CHECK(std::isnan(permutation_p(0, sum, {})));
  // 100 groups that all add 1: no draw is as extreme.
  const auto all = [](std::span<const uint8_t> swapped) {
    double out = 0;
    for (const auto one : swapped) out += one ? -1 : 1;
    return out;
  };
  CHECK(permutation_p(100, all, {999, Rng(1), 1}) == 1. / 1000);
  CHECK(std::isnan(permutation_p(13, all, {0, Rng(1), 1})));
  CHECK(permutation_p(12, all, {0, Rng(1), 1}) == 2. / 4096);
}

TEST_CASE("drawn permutations depend on the seed, not on threads or scales") {
  Rng rng(2);
  Doubles first, second, scaled;
  Labels labels;
  std::vector<std::string> groups;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(rng.chance(.4));
    groups.push_back(cat("g", i / 3));
    first.push_back(rng.normal() + labels.back());
    second.push_back(rng.normal() + .8 * labels.back());
    scaled.push_back(std::exp(second.back()) / 100);
  }
  const auto p = [&](const Doubles& other, uint64_t seed, int threads) {
    return auroc_permutation_p(first, other, labels, groups, {500, Rng(seed), threads});
  };
  CHECK(p(second, 1, 1) == p(second, 1, 3));
  CHECK(p(second, 1, 1) == p(scaled, 1, 1));
  CHECK(p(second, 1, 1) != p(second, 2, 1));
  CHECK(std::isnan(p(first, 1, 1)));  // no swap changes anything
  CHECK(std::isnan(auroc_permutation_p(first, second, Labels(200, 1), groups, {})));
}

TEST_CASE("equally good models have a small permutation p as rarely as they should") {
  int small = 0;
  for (uint64_t trial = 0; trial < 200; ++trial) {
    Rng rng = Rng(8).fork("trial", trial);
    Doubles first, second;
    Labels labels;
    std::vector<std::string> groups;
    for (int group = 0; group < 30; ++group) {
      const double shift_first = rng.normal(), shift_second = rng.normal();
      for (int i = 0; i < 4; ++i) {
        labels.push_back(group % 2);
        groups.push_back(cat("g", group));
        first.push_back(group % 2 + shift_first + .3 * rng.normal());
        second.push_back(group % 2 + shift_second + .3 * rng.normal());
      }
    }
    small += auroc_permutation_p(first, second, labels, groups, {199, rng, 1}) <= .05;
  }
  CHECK(small >= 2);
  CHECK(small <= 20);
}
