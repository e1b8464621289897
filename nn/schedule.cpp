// SPDX-License-Identifier: Apache-2.0
#include "nn/schedule.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

namespace evenray {

double warmup_cosine(int64_t step, int64_t warmup, int64_t total) {
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double progress = static_cast<double>(step - warmup) /
                          static_cast<double>(std::max<int64_t>(1, total - warmup));
  return .5 * (1 + std::cos(std::numbers::pi * std::min(1., progress)));
}

EpochOrder::EpochOrder(int64_t rows, int64_t minibatch, const Rng& rng)
    : rows_(rows), minibatch_(minibatch), rng_(rng) {}

const std::vector<int64_t>& EpochOrder::epoch(int64_t number) {
  if (number != cached_) {
    order_.resize(static_cast<size_t>(rows_));
    std::iota(order_.begin(), order_.end(), 0);
    rng_.fork("epoch", static_cast<uint64_t>(number)).shuffle(order_);
    cached_ = number;
  }
  return order_;
}

std::vector<int64_t> EpochOrder::minibatch(int64_t step) {
  return rows(step * minibatch_, minibatch_);
}

std::vector<int64_t> EpochOrder::rows(int64_t first, int64_t count) {
  std::vector<int64_t> out;
  for (int64_t i = first; i < first + count; ++i)
    out.push_back(epoch(i / rows_)[static_cast<size_t>(i % rows_)]);
  return out;
}

}  // namespace evenray
