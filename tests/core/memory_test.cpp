// SPDX-License-Identifier: Apache-2.0
#include "core/memory.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

using namespace evenray;

TEST_CASE("large pictures share the memory, and a larger one than all waits for it alone") {
  CHECK(available_memory() > 1 << 20);
  set_picture_memory(10);
  std::atomic<uint64_t> used = 0, most = 0;
  std::atomic<bool> too_much = false;
  std::vector<std::thread> threads;
  for (const uint64_t bytes : {4, 4, 4, 25, 3, 4, 4})
    threads.emplace_back([&, bytes] {
      const PictureMemory share(bytes);
      const uint64_t now = used += bytes;
      for (uint64_t before = most; before < now && !most.compare_exchange_weak(before, now);) {
      }
      if (now > 10 && now != 25) too_much = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      used -= bytes;
    });
  for (auto& thread : threads) thread.join();
  CHECK(used == 0);
  CHECK_FALSE(too_much);
  CHECK(most == 25);
  set_picture_memory(available_memory() / 4);
}
