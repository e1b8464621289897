// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which reference boxes or proposals learn which true boxes. Internal to rcnn.
#include <torch/types.h>

#include <functional>

#include "core/rng.hpp"

namespace evenray {

/// No true box overlaps it as much as MatchRule::low.
inline constexpr int64_t kNoMatch = -1;
/// Between MatchRule::low and high: learns neither that there is an object nor that there is none.
inline constexpr int64_t kUnclearMatch = -2;

struct MatchRule {
  double low, high;  ///< overlaps; an overlap of `high` or more is a match
  /// Candidates with the highest overlap of a true box match too, however low it is (Ren et al.
  /// 2015, section 3.1.2), if it is above 0.
  bool low_quality = false;
};

/// Returns for each candidate [N,4] the index of the true box [M,4] that overlaps it most (of equal
/// ones the first), kNoMatch or kUnclearMatch, as [N] i64 on the CPU, where it is computed. A
/// candidate that matches only because of `low_quality` also gets the true box that overlaps it
/// most. All are kNoMatch without true boxes.
torch::Tensor match_boxes(const torch::Tensor& truth,
                          const torch::Tensor& candidates,
                          const MatchRule& rule);

/// Candidates that are trained on: indices, in ascending order, of those that have an object and of
/// those that have none, i64 on the CPU.
struct Sampled {
  torch::Tensor positive, negative;
};

/// Chooses among the labels [N] of candidates: above 0 an object, 0 none, below 0 not to be chosen.
using Sampler =
    std::function<Sampled(const torch::Tensor& labels, int64_t count, double positive_share)>;

/// Returns a sampler that draws `count` candidates, at most `positive_share` of them (rounded down)
/// with an object, as many as there are; its draws come from `rng`.
Sampler balanced_sampler(Rng rng);

}  // namespace evenray
