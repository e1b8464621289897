// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rows of rare classes that are made in the space of features. Internal to classifier.
#include <torch/types.h>

#include "core/rng.hpp"

namespace evenray {

/// The number of nearest neighbours of the same class that SMOTE chooses from, as published.
inline constexpr int64_t kSmoteNeighbours = 5;

/// SMOTE (Chawla et al. 2002, section 4.2): returns `count` rows [count,D] on the lines between
/// rows of `features` [N,D] and one of their nearest neighbours (Euclidean), or copies if there is
/// one row only. Each row of `features` is the start of equally many, or one more. There must be a
/// row.
torch::Tensor smote(const torch::Tensor& features, int64_t count, const Rng& rng);

}  // namespace evenray
