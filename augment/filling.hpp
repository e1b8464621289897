// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "augment/balance.hpp"
#include "augment/balance_report.hpp"
#include "augment/row_use.hpp"

namespace evenray {

// What a balance decides before it draws: how many rows each source draws for each class.

/// A source and what it draws for a class. Internal to run_balance() and balance_forecast().
struct Drawer {
  std::shared_ptr<Source> source;
  BalanceTally::Drawing drawing;  ///< with source, class_name, share, by_share and asked
};

/// Returns the request with the rows of each class and their parents, if rows can have several
/// labels. Throws as run_balance() for a plan of another kind than the store.
BalanceRequest with_parents(const BalanceRequest& request);

/// Returns the number of rows of all parts that the output has, if every planned row is added.
int64_t expected_rows(const BalanceRequest& request);

/// Returns the tally of a balance that has copied the kept rows and drawn nothing yet.
BalanceTally begin_tally(const BalanceRequest& request, const RowUse& use);

/// Decides how many rows each source draws for a class, in the order of the sources. Adds missing
/// rows and limits to `tally`. Throws as run_balance() if the class cannot be filled.
std::vector<Drawer> plan_filling(const BalanceRequest& request,
                                 const RowUse& use,
                                 int class_index,
                                 BalanceTally& tally);

/// Returns the tally of a balance whose gates reject nothing, without drawing an image. Throws as
/// run_balance() before its first image.
BalanceTally forecast_tally(const BalanceRequest& request);

/// Returns the random stream of all choices of a balance.
Rng balance_stream(uint64_t seed);

/// Returns the random stream that a source draws a class from.
Rng drawing_stream(const BalanceRequest& request, const Source& source, int class_index);

/// Returns true for images that are made from a training row.
bool from_a_row(Origin origin);

}  // namespace evenray
