// SPDX-License-Identifier: Apache-2.0
#pragma once
// Minibatches whose rows are mixed with one another. Internal to classifier.
#include <torch/types.h>

#include "classifier/options.hpp"
#include "core/rng.hpp"
#include "nn/batches.hpp"

namespace evenray {

/// A minibatch of which each row is mixed with another one. The loss is `share` times that of the
/// rows' own labels plus the rest times that of the others' labels.
struct Mix {
  torch::Tensor images{};             ///< [B,1,H,W], or features [B,D]
  double share = 1;                   ///< of the row itself; 1: not mixed
  torch::Tensor labels{}, weights{};  ///< of the other rows; undefined if not mixed
};

/// Mixes a minibatch as classify.mixup and classify.cutmix say; half of the minibatches each if
/// both are above 0. The share is drawn from Beta(a, a) once for a minibatch:
/// - mixup (Zhang et al. 2018): weighted means of the values;
/// - cutmix (Yun et al. 2019, algorithm A1): a rectangle is taken from the other image; the share
///   is then what is left of the area. Needs images.
Mix draw_mix(const Batch& batch, const ClassifyOptions& options, const Rng& rng);

/// Draws from Beta(a, a), 0 < a <= 2 (Jöhnk 1964).
double draw_beta(double a, Rng& rng);

}  // namespace evenray
