// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// Returns the index of a metadata column. Throws Exit::bad_data with the known columns; `source`
/// is the name of the data in the message.
size_t column_index(const std::vector<std::string>& columns,
                    const std::string& name,
                    const std::string& source);

/// A condition on metadata columns: "sex=F and age>=60 or view!=AP". Comparisons are =, !=, <, <=,
/// > and >=. `and` binds tighter than `or`. A value with blanks must be quoted. Numbers are
/// compared as numbers (age=60 holds for 60.0). No comparison holds for a missing value, not even
/// !=.
class Where {
 public:
  /// Parses a condition; empty text always holds. Throws Exit::config for text that is not a
  /// condition, and for <, <=, > or >= without a number.
  static Where parse(const std::string& text);

  /// Returns the condition bound to rows with these columns, as holds() needs it. Throws
  /// Exit::bad_data for a column that is missing; `source` is the name of the data in the message.
  Where on(const std::vector<std::string>& columns, const std::string& source) const;
  /// Returns whether a row fulfils the condition. `meta`: one value per column given to on().
  bool holds(const std::vector<std::string>& meta) const;

  /// Returns those of `rows` for which the condition holds. Throws as on().
  std::vector<int64_t> filter(const StoreInfo& info,
                              const StorePart& part,
                              const std::vector<int64_t>& rows) const;

 private:
  struct Comparison {
    std::string column, sign, value;
    size_t index = 0;  ///< of the column
  };
  /// Alternatives; each is a list of comparisons that must all hold. Empty: always true.
  std::vector<std::vector<Comparison>> any_;
};

}  // namespace evenray
