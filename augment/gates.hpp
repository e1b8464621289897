// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/balance.hpp"

namespace evenray {

/// "blank": rejects augmented and synthetic images that are one even grey (the middle 98 % of the
/// pixels within 2 % of the range).
std::shared_ptr<Gate> make_blank_gate(int value_max);

/// "range": rejects augmented and synthetic images above value_max anywhere, or whose mean or
/// spread no training image comes near: more than a tenth of the range outside their lowest and
/// highest mean, less than half their lowest or more than one and a half times their highest
/// standard deviation.
std::shared_ptr<Gate> make_range_gate(const Store& store, int threads);

/// "lost-box": rejects augmented images in which a label that has boxes in the parent has none
/// left: the label would be wrong. The store must outlive it.
std::shared_ptr<Gate> make_lost_box_gate(const Store& store);

/// "near-duplicate": rejects synthetic images whose normalised correlation with a training image of
/// any class, or with an accepted synthetic one, is above the threshold, either of them mirrored or
/// not. Compared are thumbnails of at most 64 px, smaller only where those of all training images
/// would take more than half a gigabyte.
std::shared_ptr<Gate> make_near_duplicate_gate(const Store& store, double threshold, int threads);

/// A gate as `balance --gate` names it: "near-duplicate:.95" ("near-duplicate:0": off) or
/// "memorised", set in `options`. Throws 2 for any other.
void set_gate(const std::string& word, BalanceOptions& options);

/// The gates above in this order; the last one unless options.near_duplicate is 0. The store must
/// outlive them.
std::vector<std::shared_ptr<Gate>> make_gates(const Store& store,
                                              const BalanceOptions& options,
                                              int threads);

}  // namespace evenray
