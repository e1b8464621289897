// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

namespace evenray {

/// How far people agree who put items into categories. A category is a number from 0 on; kNotRated
/// where somebody did not see an item.
inline constexpr int kNotRated = -1;

/// Returns Cohen's kappa (1960) of two people over the items that both rated: 1 is full agreement,
/// 0 that of chance. NaN if there is no such item, or if both used one and the same category only.
/// `a` and `b` have one entry per item.
double cohen_kappa(const std::vector<int>& a, const std::vector<int>& b);

/// Returns Krippendorff's alpha for nominal data (Krippendorff 2011, "Computing Krippendorff's
/// Alpha-Reliability") of any number of people, with missing ratings: 1 is full agreement, 0 that
/// of chance. `ratings`: [person][item]. NaN if no item has two ratings, or if only one category
/// was used.
double krippendorff_alpha(const std::vector<std::vector<int>>& ratings);

}  // namespace evenray
