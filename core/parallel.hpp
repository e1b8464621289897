// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

namespace evenray {

/// Returns the number of hardware threads that this process may use (respects CPU affinity), at
/// least 1.
int hardware_threads();

/// Runs body(i) for i in 0..n-1 on `threads` threads, including the calling thread. After an
/// exception no further calls start; the first exception is rethrown after all threads have
/// stopped. The calls must not depend on each other.
void parallel_for(size_t n, int threads, const std::function<void(size_t)>& body);

namespace detail {
void ordered_pipeline(size_t n,
                      int threads,
                      size_t ahead,
                      const std::function<std::shared_ptr<void>(size_t)>& produce,
                      const std::function<void(size_t, const std::shared_ptr<void>&)>& consume);
}

/// Runs produce(i) on `threads` threads, including the calling thread, and consume(i, result) one
/// call at a time in the order of i, on any of these threads. At most `ahead` results exist at a
/// time; choose it by their size. The first exception of either function is rethrown after all
/// threads have stopped. Example: decode images on all threads, write them in order.
template <class Result>
void ordered_pipeline(size_t n,
                      int threads,
                      const std::function<Result(size_t)>& produce,
                      const std::function<void(size_t, Result&)>& consume,
                      size_t ahead = 64) {
  detail::ordered_pipeline(
      n,
      threads,
      ahead,
      [&](size_t i) { return std::make_shared<Result>(produce(i)); },
      [&](size_t i, const std::shared_ptr<void>& result) {
        consume(i, *static_cast<Result*>(result.get()));
      });
}

/// Configures malloc to keep freed memory instead of returning it to the system, which is faster
/// for large images and tensors. Call first in main.
void tune_allocator();

}  // namespace evenray
