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

/// Rows made by mlsmote().
struct LabelledFeatures {
  torch::Tensor features;  ///< [N,D]
  torch::Tensor labels;    ///< [N,C]: 1 yes, 0 no, -1 unknown
};

/// MLSMOTE (Charte et al. 2015, "MLSMOTE: Approaching imbalanced multilabel learning through
/// synthetic instance generation", Knowledge-Based Systems 89): in turn, each class whose IRLbl is
/// above the MeanIR of the beginning gets one new row for each of its rows, on the line to one of
/// the nearest rows of the class. Its labels are those that more than half of the row and its
/// neighbours have (Ranking). IRLbl is computed again after each class; lines start and end at rows
/// of `features` only. `labels`: [N,C], as in LabelledFeatures. Both must be on the CPU.
LabelledFeatures mlsmote(const torch::Tensor& features,
                         const torch::Tensor& labels,
                         const Rng& rng);

}  // namespace evenray
