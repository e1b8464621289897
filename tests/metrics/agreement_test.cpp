// SPDX-License-Identifier: Apache-2.0
#include "metrics/agreement.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace evenray;

TEST_CASE("Cohen's kappa of the textbook's table") {
  // Both yes 20, first only 5, second only 10, neither 15: agreement .7, by chance .5.
  std::vector<int> a, b;
  for (const auto& [first, second, count] :
       {std::tuple{1, 1, 20}, {1, 0, 5}, {0, 1, 10}, {0, 0, 15}}) {
    a.insert(a.end(), static_cast<size_t>(count), first);
    b.insert(b.end(), static_cast<size_t>(count), second);
  }
  CHECK(cohen_kappa(a, b) == Approx(.4));
  a.push_back(kNotRated);
  b.push_back(1);
  CHECK(cohen_kappa(a, b) == Approx(.4));
  CHECK(cohen_kappa({0, 1, 2}, {0, 1, 2}) == Approx(1));
  CHECK(cohen_kappa({0, 1, 0, 1}, {1, 0, 1, 0}) == Approx(-1));
  CHECK(std::isnan(cohen_kappa({1, 1}, {1, 1})));
  CHECK(std::isnan(cohen_kappa({kNotRated}, {1})));
}

TEST_CASE("Krippendorff's alpha of his worked example with missing ratings") {
  constexpr int x = kNotRated;
  CHECK(krippendorff_alpha({{1, 2, 3, 3, 2, 1, 4, 1, 2, x, x, x},
                            {1, 2, 3, 3, 2, 2, 4, 1, 2, 5, x, 3},
                            {x, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, x},
                            {1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, x}}) == Approx(.743).margin(5e-4));
  // Two people without missing ratings, his example B: alpha .095.
  CHECK(krippendorff_alpha({{0, 1, 0, 0, 0, 0, 0, 0, 1, 0}, {1, 1, 1, 0, 0, 1, 0, 0, 0, 0}}) ==
        Approx(.095).margin(5e-4));
  CHECK(std::isnan(krippendorff_alpha({{1, 1}, {1, 1}})));
  CHECK(std::isnan(krippendorff_alpha({})));
  CHECK(krippendorff_alpha({{0, 1}, {0, 1}}) == Approx(1));
}
