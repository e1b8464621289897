// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// Which training rows of a store a balance keeps, and how many copied and augmented rows are made
/// from each. Internal to run_balance() and balance_forecast().
class RowUse {
 public:
  /// Chooses `replaced` real rows per class, which are not kept (empty: keeps all), by `rng`. Rows
  /// that other rows are made from are always kept. `max_factor`: rows made from one row, at most;
  /// 0: no limit. Throws 65 if a class has too few rows to replace. `in` must outlive this object.
  RowUse(const Store& in, const std::vector<int64_t>& replaced, double max_factor, const Rng& rng);

  /// Returns the index that each training row of the input has in the output; -1: not kept.
  const std::vector<int64_t>& new_row() const { return new_row_; }
  bool kept(int64_t row) const { return new_row_[static_cast<size_t>(row)] >= 0; }
  /// Returns the kept real rows of the class.
  std::vector<int64_t> parents_of(int class_index) const;
  /// Returns how many rows have been made from a row.
  int64_t made_from(int64_t row) const;
  /// Returns how many more rows may be made from the real rows of the class, if at most `most` may
  /// be made from one.
  int64_t room(int class_index, int64_t most) const;
  /// Returns true if one more row may be made from the row. -1 (not made from a row): true.
  bool is_free(int64_t parent) const;
  /// Records that a row was made from `parent`.
  void use(int64_t parent) { ++made_from_[parent]; }
  /// Returns how often the kept real rows of the class (-1: of all classes) stand in the training
  /// part, once themselves and once per row made from them: times -> rows.
  std::map<int64_t, int64_t> times(int class_index) const;

 private:
  const Store& in_;
  int64_t most_;  ///< max_factor; 0: no limit
  std::vector<int64_t> new_row_;
  std::map<int64_t, int64_t> made_from_;
};

}  // namespace evenray
