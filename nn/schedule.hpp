// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Returns the factor of the learning rate at `step` (from 0): a linear warm-up over `warmup`
/// steps, then half a cosine from 1 down to 0 at `total` (Loshchilov & Hutter 2017).
double warmup_cosine(int64_t step, int64_t warmup, int64_t total);

/// The order of training rows: without replacement within an epoch, shuffled again in each epoch.
/// It depends only on the key of `rng` and the step, so a resumed run gets the same rows as an
/// uninterrupted one. The last minibatch of an epoch continues into the next epoch.
class EpochOrder {
 public:
  EpochOrder(int64_t rows, int64_t minibatch, const Rng& rng);
  /// Returns the rows of the minibatch at `step` (from 0).
  std::vector<int64_t> minibatch(int64_t step);
  /// Returns the rows at positions first .. first + count - 1 of the whole sequence, for minibatch
  /// sizes that change.
  std::vector<int64_t> rows(int64_t first, int64_t count);

 private:
  /// Returns the rows of one epoch in order; keeps the last epoch in memory.
  const std::vector<int64_t>& epoch(int64_t number);
  int64_t rows_, minibatch_;
  Rng rng_;
  int64_t cached_ = -1;
  std::vector<int64_t> order_;
};

}  // namespace evenray
