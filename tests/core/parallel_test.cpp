// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace evenray;

TEST_CASE("a parallel loop runs each body once") {
  for (int threads : {0, 1, 2, 7}) {
    for (size_t n : {0, 1, 3, 1000}) {
      std::vector<int> runs(n);
      parallel_for(n, threads, [&](size_t i) { ++runs[i]; });
      CHECK(runs == std::vector<int>(n, 1));
    }
  }
  CHECK(hardware_threads() >= 1);
}

TEST_CASE("a parallel loop passes an exception on and stops") {
  for (int threads : {1, 4}) {
    std::atomic<int> runs{0};
    const auto loop = [&] {
      parallel_for(1000000, threads, [&](size_t i) {
        ++runs;
        if (i == 10) throw std::runtime_error("row 10");
      });
    };
    CHECK_THROWS_WITH(loop(), "row 10");
    CHECK(runs < 1000000);
  }
}

TEST_CASE("a pipeline consumes one by one in order, at most `ahead` results at a time") {
  for (int threads : {1, 2, 5}) {
    for (size_t ahead : {1, 3, 64}) {
      std::atomic<int64_t> alive{0}, most{0};
      size_t expected = 0;
      std::atomic<int> consumers{0};
      ordered_pipeline<std::string>(
          200,
          threads,
          [&](size_t i) {
            const int64_t now = ++alive;
            for (int64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
            }
            if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
            return std::to_string(i);
          },
          [&](size_t i, std::string& result) {
            REQUIRE(i == expected++);
            REQUIRE(result == std::to_string(i));
            REQUIRE(++consumers == 1);
            --alive;
            --consumers;
          },
          ahead);
      CHECK(expected == 200);
      CHECK(most <= static_cast<int64_t>(ahead));
    }
  }
  ordered_pipeline<int>(
      0, 3, [](size_t) { return 1; }, [](size_t, int&) { FAIL("nothing to do"); });
}

TEST_CASE("a pipeline passes the exceptions of both sides on") {
  const auto nothing = [](size_t, int&) {};
  const auto number = [](size_t i) { return static_cast<int>(i); };
  for (int threads : {1, 4}) {
    CHECK_THROWS_WITH(ordered_pipeline<int>(
                          100,
                          threads,
                          [](size_t i) {
                            if (i == 20) throw std::runtime_error("produce 20");
                            return 0;
                          },
                          nothing,
                          8),
                      "produce 20");
    size_t consumed = 0;
    CHECK_THROWS_WITH(ordered_pipeline<int>(
                          100,
                          threads,
                          number,
                          [&](size_t i, int&) {
                            if (i == 30) throw std::runtime_error("consume 30");
                            ++consumed;
                          },
                          8),
                      "consume 30");
    CHECK(consumed == 30);
  }
}
