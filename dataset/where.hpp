// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// Index of a metadata column. Throws 65 with the known ones; `source` names what lacks it.
size_t column_index(const std::vector<std::string>& columns,
                    const std::string& name,
                    const std::string& source);

/// A condition on metadata columns: "sex=F and age>=60 or view!=AP". Comparisons are =, !=, <, <=,
/// > and >=; `and` binds before `or`; a value with blanks stands in quotes. Numbers are compared as
/// numbers (age=60 holds for 60.0). A missing value fulfils nothing, not even !=.
class Where {
 public:
  /// Empty text: no condition. Throws 78 for what is no condition, and for < or > with no number.
  static Where parse(const std::string& text);

  /// For rows with these columns, as holds() needs it. Throws 65 for a column that they lack;
  /// `source` names them.
  Where on(const std::vector<std::string>& columns, const std::string& source) const;
  /// meta: one value a column of on().
  bool holds(const std::vector<std::string>& meta) const;

  /// Those of `rows` for which it holds. Throws as on().
  std::vector<int64_t> filter(const StoreInfo& info,
                              const StorePart& part,
                              const std::vector<int64_t>& rows) const;

 private:
  struct Comparison {
    std::string column, sign, value;
    size_t index = 0;  ///< of the column
  };
  std::vector<std::vector<Comparison>> any_;  ///< one of these, all of which hold; none: always
};

}  // namespace evenray
