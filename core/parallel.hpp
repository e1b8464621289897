// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

namespace evenray {

/// Hardware threads that this process may use (respects its CPU affinity), at least 1.
int hardware_threads();

/// Runs body(i) for i in 0..n-1 on `threads` threads (the caller is one). The first exception is
/// thrown again here, after all threads have stopped. Bodies must not depend on each other.
void parallel_for(size_t n, int threads, const std::function<void(size_t)>& body);

namespace detail {
void ordered_pipeline(size_t n,
                      int threads,
                      size_t ahead,
                      const std::function<std::shared_ptr<void>(size_t)>& produce,
                      const std::function<void(size_t, const std::shared_ptr<void>&)>& consume);
}

/// produce(i) on `threads` threads (the caller is one), consume(i, result) one at a time in the
/// order of i, on whichever of them comes first. At most `ahead` results exist at a time: choose it
/// by their size. The first exception of either side is thrown again here, after all threads have
/// stopped. Example: decode on all, write in order.
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

/// Allocation settings that make work on large images and tensors faster: freed memory is kept.
/// Call first in main.
void tune_allocator();

}  // namespace evenray
