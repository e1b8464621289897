// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"

#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace evenray {

int hardware_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel_for(size_t n, int threads, const std::function<void(size_t)>& body) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  auto work = [&] {
    for (size_t i = next++; i < n; i = next++) {
      try {
        body(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = n;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < std::min<int64_t>(threads, static_cast<int64_t>(n)); ++t)
      workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

namespace detail {

void ordered_pipeline(size_t n,
                      int threads,
                      size_t ahead,
                      const std::function<std::shared_ptr<void>(size_t)>& produce,
                      const std::function<void(size_t, const std::shared_ptr<void>&)>& consume) {
  if (threads <= 1) {
    for (size_t i = 0; i < n; ++i) consume(i, produce(i));
    return;
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::map<size_t, std::shared_ptr<void>> ready;
  std::exception_ptr failure;
  size_t next = 0, consumed = 0;
  bool consuming = false;
  // Runs `work` with the lock released; an exception ends the pipeline.
  const auto unlocked = [&](std::unique_lock<std::mutex>& lock, const auto& work) {
    lock.unlock();
    std::exception_ptr error;
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !failure) failure = error;
  };
  const auto run = [&] {
    std::unique_lock lock(mutex);
    while (true) {
      while (!failure && !consuming && !ready.empty() && ready.begin()->first == consumed) {
        consuming = true;
        auto result = std::move(ready.extract(ready.begin()).mapped());
        unlocked(lock, [&] {
          consume(consumed, result);
          result.reset();
        });
        consuming = false;
        ++consumed;
        changed.notify_all();
      }
      // A thread may return when no index is left to produce: the thread that consumes also takes
      // the results that others add in the meantime.
      if (failure || next >= n) break;
      if (next >= consumed + ahead) {
        changed.wait(lock);
        continue;
      }
      const size_t i = next++;
      std::shared_ptr<void> result;
      unlocked(lock, [&] { result = produce(i); });
      if (!failure) ready.emplace(i, std::move(result));
    }
    changed.notify_all();
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < threads; ++t) workers.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
void tune_allocator() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

}  // namespace evenray
