// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary/imbalance.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace evenray;

TEST_CASE("imbalance measures, by hand") {
  const Imbalance three = imbalance({100, 50, 10});
  CHECK(three.ratio == 10);
  CHECK(three.irlbl == std::vector<double>{1, 2, 10});
  CHECK(three.mean_ir == Approx(13. / 3));
  const Imbalance absent = imbalance({30, 0});
  CHECK(std::isinf(absent.ratio));
  CHECK(absent.irlbl == std::vector<double>{1, 0});
  CHECK(absent.mean_ir == 1);  // over the classes that there are
  CHECK(imbalance({}).irlbl.empty());
  CHECK(imbalance({0, 0}).irlbl == std::vector<double>{0, 0});
}

TEST_CASE("how labels come together, by hand") {
  const std::vector<std::vector<int8_t>> rows = {
      {1, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, -1}, {0, 0, 0}};
  const Imbalance measures = imbalance({4, 1, 0});
  const Concurrence found = concurrence(rows, measures.irlbl);
  CHECK(found.cardinality == Approx(1));
  CHECK(found.density == Approx(1. / 3));
  CHECK(found.labelsets == 3);  // a, ab, none
  CHECK(found.single == 2);
  CHECK(found.together == std::vector<std::vector<int64_t>>{{4, 1, 0}, {1, 1, 0}, {0, 0, 0}});
  // IRLbl 1 and 4: geometric mean 2, arithmetic mean 2.5.
  CHECK(found.scumble == Approx((1 - 2 / 2.5) / 5));
}
