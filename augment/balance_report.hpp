// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// The counts that run_balance() collects for its report.
struct BalanceTally {
  using ByOrigin = std::array<int64_t, 4>;  ///< number of rows, by Origin
  /// The images that one source drew for one class.
  struct Drawing {
    std::string source, class_name;
    int64_t asked = 0;          ///< images that are needed
    int64_t tried = 0;          ///< images that were drawn
    int64_t accepted = 0;       ///< images that passed the gates
    int64_t boxes_dropped = 0;  ///< boxes that left the image, in accepted images
  };

  std::vector<std::string> class_names;
  std::vector<ByOrigin> before, after;                             ///< [class][origin]
  std::map<std::string, std::map<std::string, int64_t>> rejected;  ///< gate -> reason -> images
  std::vector<Drawing> drawings;
  std::vector<int64_t> missing;   ///< [class]: planned rows that could not be added
  std::vector<int64_t> replaced;  ///< [class]: real rows that were left out
  std::map<int64_t, int64_t>
      made_from;          ///< input train row -> number of copies and augmented rows made from it
  int64_t real_rows = 0;  ///< real rows that are kept

  /// Adds one row to `into` for each class with label 1.
  void count(std::vector<ByOrigin>& into, const std::vector<int8_t>& labels, Origin origin) const;
};

/// Returns the JSON of `balance --json`.
Json balance_json(const BalanceTally& tally);

}  // namespace evenray
