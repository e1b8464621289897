// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Paired permutation tests over groups: if two models are equally good, the outputs of both may be
/// swapped in any group. Valid for dependent rows in a group, and for few groups. A row with an
/// empty group is a group of its own. Groups for which a swap changes nothing do not count.

struct Permutations {
  int64_t draws = 1000;  ///< if there are too many swaps to try all; 0: then there is no p
  Rng rng{1};
  int threads = 1;  ///< does not change any result
};

/// All swaps are tried for at most this many groups: 2^12 = 4096 swaps.
inline constexpr size_t kExactGroups = 12;

/// Returns the two-sided p value: the share of swaps whose |difference| is at least that without a
/// swap. All 2^groups swaps are tried for kExactGroups or fewer; otherwise p = (1 + count) / (1 +
/// draws) of random swaps. NaN without groups. `difference`: of the two models after the outputs
/// of the marked groups were swapped ([group]: 1 swapped, else 0). It may be called from several
/// threads at once. Equal values must be exactly equal, so pass whole numbers where possible.
double permutation_p(size_t groups,
                     const std::function<double(std::span<const uint8_t> swapped)>& difference,
                     const Permutations& permutations);

/// The difference in AUROC. Ranks are swapped instead of scores (ties: the mean rank), so the test
/// does not depend on the scales of the models (Bandos, Rockette and Gur 2005, Statistics in
/// Medicine 24, 2873-2893). One draw takes O(n) time. NaN if one label is absent.
double auroc_permutation_p(std::span<const double> first,
                           std::span<const double> second,
                           std::span<const uint8_t> labels,
                           const std::vector<std::string>& groups,
                           const Permutations& permutations);

/// The difference in balanced accuracy, the mean of sensitivity and specificity. `*_right`: 1 where
/// the decision of the model agrees with the label, else 0. One draw takes O(groups) time. NaN if
/// one label is absent.
double balanced_accuracy_permutation_p(std::span<const uint8_t> first_right,
                                       std::span<const uint8_t> second_right,
                                       std::span<const uint8_t> labels,
                                       const std::vector<std::string>& groups,
                                       const Permutations& permutations);

}  // namespace evenray
