// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/store.hpp"

namespace evenray {

/// A condition on a metadata column, "sex=F". Numbers are compared as numbers (age=60 holds for
/// 60.0); a missing value equals nothing.
struct Where {
  std::string column, value;  ///< an empty column: no condition

  /// Empty text: no condition. Throws 78 for text without a column or "=".
  static Where parse(const std::string& text);

  /// Those of `rows` for which it holds. Throws 65 for a column that the store lacks.
  std::vector<int64_t> filter(const StoreInfo& info,
                              const StorePart& part,
                              const std::vector<int64_t>& rows) const;
};

}  // namespace evenray
