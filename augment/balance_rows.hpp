// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "augment/balance.hpp"

namespace evenray {

/// Returns a row of a part without its image.
StoreRow stored_row(const StorePart& part, int64_t row);

/// Returns the labels of a synthetic row of a class: others are unknown if rows can have several
/// labels.
std::vector<int8_t> synthetic_labels(const StoreInfo& info, int class_index);

/// Returns the labels of a synthetic row that something of the class was drawn into: those of
/// synthetic_labels(), and 0 where the parent's label is 0.
std::vector<int8_t> drawn_into_labels(const std::vector<int8_t>& parent,
                                      const StoreInfo& info,
                                      int class_index);

/// Makes store rows from drawn images. Internal to run_balance().
class RowMaker {
 public:
  /// `in` must outlive this object.
  explicit RowMaker(const Store& in);

  /// Returns a row for `drawn` with a new id. Labels, group, metadata and names come from its
  /// parent; without a parent, only the label of its class is set. `new_row`: index of each
  /// training row of the input in the output (-1: not in the output).
  StoreRow added(const Drawn& drawn, int class_index, const std::vector<int64_t>& new_row);

 private:
  /// Returns "STEM-N" with the next N that is not in use.
  std::string new_id(const std::string& stem);

  const Store& in_;
  std::unordered_set<std::string> ids_;
  std::unordered_map<std::string, int64_t> last_of_stem_;
};

}  // namespace evenray
