// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Linear warm-up over `warmup` steps, then half a cosine down to 0 at `total` (Loshchilov & Hutter
/// 2017). step counts from 0.
double warmup_cosine(int64_t step, int64_t warmup, int64_t total);

/// Rows to train on, without replacement within an epoch, reshuffled each epoch: a pure function of
/// (rng key, step), so a resumed run sees what an undisturbed one would. An epoch's last minibatch
/// runs on into the next epoch.
class EpochOrder {
 public:
  EpochOrder(int64_t rows, int64_t minibatch, const Rng& rng);
  std::vector<int64_t> minibatch(int64_t step);
  /// The rows number first .. first + count - 1 of all that are shown, for minibatches that change.
  std::vector<int64_t> rows(int64_t first, int64_t count);

 private:
  const std::vector<int64_t>& epoch(int64_t number);
  int64_t rows_, minibatch_;
  Rng rng_;
  int64_t cached_ = -1;
  std::vector<int64_t> order_;
};

}  // namespace evenray
