// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/balance.hpp"

namespace evenray {

/// Returns the gate "blank": rejects augmented and synthetic images of one grey level (the middle
/// 98 % of the pixel values lie within 2 % of the range).
std::shared_ptr<Gate> make_blank_gate(int value_max);

/// Returns the gate "range": rejects augmented and synthetic images that have a pixel above the
/// store's value_max, or whose mean or standard deviation is far from those of all training images:
/// a mean more than a tenth of the range below the lowest or above the highest, a standard
/// deviation below half the lowest or above 1.5 times the highest.
std::shared_ptr<Gate> make_range_gate(const Store& store, int threads);

/// Returns the gate "lost-box": rejects augmented images in which a label that has boxes in the
/// parent has none left, because the label would be wrong. The store must outlive the gate.
std::shared_ptr<Gate> make_lost_box_gate(const Store& store);

/// Returns the gate "near-duplicate": rejects synthetic images whose normalised correlation with a
/// training image of any class, or with an accepted synthetic image, is above `threshold`; mirrored
/// images count too. A synthetic image with a parent passes, since it is meant to look like it.
/// Compares thumbnails of at most 64 px, or smaller ones if the thumbnails of all training images
/// would take more than half a gigabyte.
std::shared_ptr<Gate> make_near_duplicate_gate(const Store& store, double threshold, int threads);

/// Returns the gate "decisions": rejects the augmented and synthetic images that people rejected,
/// which are known by their recipe and seed. `file`: a CSV table with the columns verdict, recipe
/// and seed, as the curation page writes it; rows whose verdict is not "reject" do nothing. Throws
/// 66 if it is missing, 65 for missing columns or a seed that is no number.
std::shared_ptr<Gate> make_decisions_gate(const Path& file);

/// Sets a gate of `balance --gate` in `options`: "near-duplicate:.95" ("near-duplicate:0": off),
/// "memorised" or "decisions:FILE". Throws 2 for any other word.
void set_gate(const std::string& word, BalanceOptions& options);

/// Returns the gates above in this order, "near-duplicate" only if options.near_duplicate is above
/// 0, "decisions" only if options.decisions names a file. The store must outlive them.
std::vector<std::shared_ptr<Gate>> make_gates(const Store& store,
                                              const BalanceOptions& options,
                                              int threads);

}  // namespace evenray
