// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "augment/balance.hpp"

namespace evenray {

/// A row of a part without its image.
StoreRow stored_row(const StorePart& part, int64_t row);

/// Makes store rows of what sources drew.
class RowMaker {
 public:
  explicit RowMaker(const Store& in);

  /// A row for `drawn`: labels, group, metadata and names of its parent, or of its class alone; an
  /// id of its own. `new_row`: where each training row of the input lies in the output (-1:
  /// nowhere).
  StoreRow added(const Drawn& drawn, int class_index, const std::vector<int64_t>& new_row);

 private:
  std::string new_id(const std::string& stem);

  const Store& in_;
  std::unordered_set<std::string> ids_;
  std::unordered_map<std::string, int64_t> last_of_stem_;
};

}  // namespace evenray
