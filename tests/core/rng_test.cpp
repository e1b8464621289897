// SPDX-License-Identifier: Apache-2.0
#include "core/rng.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <set>

using namespace evenray;

using Block = std::array<uint32_t, 4>;

TEST_CASE("Philox 4x32-10 gives the published values") {
  constexpr uint32_t kAll = 0xffffffff;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({kAll, kAll, kAll, kAll}, {kAll, kAll}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is Philox over a counter, its key the seed") {
  Rng rng(0x299f31d0a4093822);
  const auto first = philox4x32({0, 0, 0, 0}, {0xa4093822, 0x299f31d0});
  const auto second = philox4x32({1, 0, 0, 0}, {0xa4093822, 0x299f31d0});
  for (uint32_t word : first) CHECK(rng.bits32() == word);
  CHECK(rng.bits64() == (uint64_t{second[0]} << 32 | second[1]));
}

TEST_CASE("a fork depends on key, purpose and index alone") {
  Rng used(5);
  for (int i = 0; i < 7; ++i) used.normal();
  CHECK(used.fork("augment", 3).key() == Rng(5).fork("augment", 3).key());
  CHECK(Rng(used.key()).bits64() == Rng(5).bits64());

  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const char* purpose : {"", "a", "b", "ab"}) {
      for (uint64_t index = 0; index < 50; ++index)
        keys.insert(Rng(seed).fork(purpose, index).key());
    }
  }
  CHECK(keys.size() == 20 * 4 * 50);
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
  Rng rng(1);
  std::vector<int> bins(10);
  for (int i = 0; i < 100000; ++i) {
    const double value = rng.uniform();
    REQUIRE(value >= 0);
    REQUIRE(value < 1);
    ++bins[static_cast<size_t>(value * 10)];
  }
  // Standard deviation of a bin: 95.
  for (int count : bins) CHECK(std::abs(count - 10000) < 450);
  for (int i = 0; i < 1000; ++i) {
    const double value = rng.uniform(-3, -1);
    REQUIRE(value >= -3);
    REQUIRE(value < -1);
  }
}

TEST_CASE("below is even and stays below") {
  Rng rng(2);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[rng.below(7)];
  for (int count : counts) CHECK(std::abs(count - 10000) < 450);
  CHECK(rng.below(1) == 0);
  for (int i = 0; i < 100; ++i) CHECK(rng.below(UINT64_MAX) < UINT64_MAX);
}

TEST_CASE("normal numbers have the normal's moments") {
  Rng rng(3);
  constexpr int kCount = 100000;
  double sum = 0, squares = 0, fourth = 0;
  int outside = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = rng.normal();
    sum += value;
    squares += value * value;
    fourth += std::pow(value, 4);
    outside += std::abs(value) > 1.959964;
  }
  CHECK(sum / kCount == Approx(0).margin(.015));
  CHECK(squares / kCount == Approx(1).margin(.02));
  CHECK(fourth / kCount == Approx(3).margin(.15));
  CHECK(outside / double{kCount} == Approx(.05).margin(.004));
}

TEST_CASE("chance is as often as asked") {
  Rng rng(4);
  int hits = 0;
  for (int i = 0; i < 20000; ++i) hits += rng.chance(.3);
  CHECK(hits / 20000.0 == Approx(.3).margin(.015));
  CHECK_FALSE(rng.chance(0));
  CHECK(rng.chance(1));
}

TEST_CASE("shuffle is a permutation, every one as likely") {
  std::vector<int> counts(6);
  const Rng root(6);
  for (uint64_t i = 0; i < 6000; ++i) {
    std::vector<int> items{0, 1, 2};
    Rng rng = root.fork("shuffle", i);
    rng.shuffle(items);
    ++counts[static_cast<size_t>(items[0] * 2 + (items[1] > items[2]))];
    std::sort(items.begin(), items.end());
    REQUIRE(items == std::vector<int>{0, 1, 2});
  }
  for (int count : counts) CHECK(std::abs(count - 1000) < 150);
}
