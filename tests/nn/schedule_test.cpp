// SPDX-License-Identifier: Apache-2.0
#include "nn/schedule.hpp"

#include <cmath>
#include <numbers>
#include <set>

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("warm-up and cosine, worked numbers") {
  CHECK(warmup_cosine(0, 4, 12) == .25);
  CHECK(warmup_cosine(1, 4, 12) == .5);
  CHECK(warmup_cosine(3, 4, 12) == 1);
  CHECK(warmup_cosine(4, 4, 12) == 1);
  CHECK(warmup_cosine(6, 4, 12) == Approx(.5 + .25 * std::numbers::sqrt2).epsilon(1e-12));
  CHECK(warmup_cosine(8, 4, 12) == Approx(.5).epsilon(1e-12));
  CHECK(warmup_cosine(12, 4, 12) == Approx(0).margin(1e-12));
  CHECK(warmup_cosine(20, 4, 12) == Approx(0).margin(1e-12));
  CHECK(warmup_cosine(0, 0, 10) == 1);
  CHECK(warmup_cosine(5, 0, 10) == Approx(.5).epsilon(1e-12));
  CHECK(std::isfinite(warmup_cosine(5, 5, 5)));
}

TEST_CASE("an epoch shows every row once, in another order each time") {
  EpochOrder order(10, 4, Rng(3));
  std::vector<int64_t> shown;
  for (int64_t step = 0; step < 5; ++step) {
    const auto rows = order.minibatch(step);
    REQUIRE(rows.size() == 4);
    shown.insert(shown.end(), rows.begin(), rows.end());
  }
  const std::vector<int64_t> first(shown.begin(), shown.begin() + 10),
      second(shown.begin() + 10, shown.end());
  for (const auto& epoch : {first, second}) {
    const std::set<int64_t> rows(epoch.begin(), epoch.end());
    CHECK(rows.size() == 10);
    CHECK(*rows.begin() == 0);
    CHECK(*rows.rbegin() == 9);
  }
  CHECK(first != second);
}

TEST_CASE("a minibatch is a function of the stream and the step alone") {
  EpochOrder straight(7, 3, Rng(3)), other(7, 3, Rng(4));
  std::vector<std::vector<int64_t>> forward, others;
  for (int64_t step = 0; step < 12; ++step) {
    forward.push_back(straight.minibatch(step));
    others.push_back(other.minibatch(step));
  }
  CHECK(forward != others);
  Rng used(3);
  used.bits64();
  for (int64_t step = 11; step >= 0; --step) {
    INFO(step);
    CHECK(straight.minibatch(step) == forward[static_cast<size_t>(step)]);
    CHECK(EpochOrder(7, 3, used).minibatch(step) == forward[static_cast<size_t>(step)]);
  }
}

TEST_CASE("a minibatch may be larger than the epoch") {
  const auto rows = EpochOrder(3, 7, Rng(1)).minibatch(0);
  REQUIRE(rows.size() == 7);
  CHECK(std::set<int64_t>(rows.begin(), rows.begin() + 3).size() == 3);
  CHECK(std::set<int64_t>(rows.begin() + 3, rows.begin() + 6).size() == 3);
}
