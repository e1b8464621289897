// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "augment/plan.hpp"
#include "core/rng.hpp"

namespace evenray {

/// Training rows that can have several labels. Copies and augmented rows have all labels of their
/// parent, so parents are chosen with all their labels in view.
struct LabelRows {
  std::vector<std::vector<int8_t>> labels;  ///< [row][class], as in a store
  std::vector<int64_t> room;  ///< how many rows may be made from each row; 0: it is no parent
};

/// Parents per class, in the order of drawing; a row stands once for each row made from it.
using Parents = std::vector<std::vector<int64_t>>;

/// ML-ROS (Charte et al. 2015, "Addressing imbalance in multilabel classification", algorithm 3):
/// labels whose IRLbl is above MeanIR take turns; each turn clones one row of the label, until
/// `percent` % of the rows have been added or no label is left. A label leaves when its IRLbl,
/// computed again after each clone, is at most the MeanIR of the beginning. Instead of drawing rows
/// with replacement, all rows of a label are used in shuffled order before one is used again.
Parents ml_ros(const LabelRows& rows, double percent, const Rng& rng);

/// LP-ROS (same paper, section 5.1, the counterpart of its algorithm 1): label sets with fewer rows
/// than the mean are enlarged, at most to the mean, by `percent` % of the rows in all. Each gets an
/// equal part; what one does not need goes to those after it, from the largest to the smallest. A
/// clone counts as drawn for the rarest class of its set. Rows without a label are not cloned.
Parents lp_ros(const LabelRows& rows, double percent, const Rng& rng);

/// Returns how many of `rows` added rows of a class are made from rows. The others are synthetic:
/// they have only the label of the class, and no parent.
using MadeFromRows = std::function<int64_t(size_t class_index, int64_t rows)>;

/// Chooses parents so that each class reaches targets[c] rows, if possible. Rare classes come
/// first; a class needs fewer rows if rows made for rarer ones have its label too. Within a class,
/// rows with labels that have reached their targets before are used less often: once less for each
/// such label. Returns the parents, and in `added` the rows to add to each class.
Parents parents_for_targets(const LabelRows& rows,
                            const std::vector<int64_t>& targets,
                            const MadeFromRows& made_from_rows,
                            const Rng& rng,
                            std::vector<int64_t>& added);

}  // namespace evenray
