// SPDX-License-Identifier: Apache-2.0
#include "core/progress.hpp"

#include <catch2/catch.hpp>

using namespace evenray;

TEST_CASE("a steady pace is known at once") {
  Pace pace;
  CHECK(pace.rate() == 0);
  for (int second = 1; second <= 100; ++second) {
    pace.reach(second, 7 * second);
    CHECK(pace.rate() == Approx(7));
  }
}

TEST_CASE("an estimate that is wrong by a factor of ten corrects itself") {
  // 1,000 units: 100 at 100 per second, the others at 10 per second.
  Pace pace;
  pace.reach(1, 100);
  const auto left = [&](int64_t done) { return static_cast<double>(1000 - done) / pace.rate(); };
  CHECK(left(100) == Approx(9));  // 90 s in truth
  for (int second = 2; second <= 91; ++second) {
    const int64_t done = 100 + 10 * (second - 1);
    pace.reach(second, done);
    const double truth = 91 - second;
    if (second >= 5 && truth > 0) CHECK(left(done) == Approx(truth).epsilon(.01));
  }
}
