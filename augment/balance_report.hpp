// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "augment/limits.hpp"
#include "augment/row_use.hpp"
#include "core/json.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// The counts that run_balance() collects for its report.
struct BalanceTally {
  using ByOrigin = std::array<int64_t, 4>;  ///< number of rows, by Origin
  /// The images that one source drew for one class.
  struct Drawing {
    std::string source, class_name;
    double share = 0;           ///< the user's share of the source
    int64_t by_share = 0;       ///< images that its share alone gives, without limits
    int64_t asked = 0;          ///< images that are needed
    int64_t tried = 0;          ///< images that were drawn
    int64_t accepted = 0;       ///< images that passed the gates
    int64_t boxes_dropped = 0;  ///< boxes that left the image, in accepted images
    /// gate -> reason -> images
    std::map<std::string, std::map<std::string, int64_t>> rejected{};
  };

  std::vector<std::string> class_names;
  std::vector<ByOrigin> before, after;  ///< [class][origin]
  std::vector<Drawing> drawings;
  std::vector<BalanceLimit> limits;
  std::vector<std::pair<std::string, std::string>> cautions;  ///< source, Source::caution()
  std::vector<int64_t> missing;   ///< [class]: planned rows that could not be added
  std::vector<int64_t> replaced;  ///< [class]: real rows that were left out
  /// Only if rows can have several labels: labels of all training rows, and Plan::targets.
  std::vector<std::vector<int8_t>> labels_before, labels_after;
  std::vector<int64_t> targets;
  /// How often real rows are used: times -> rows; of all classes, and per class.
  std::map<int64_t, int64_t> times;
  std::vector<std::map<int64_t, int64_t>> class_times;

  /// Adds one row to `into` for each class with label 1.
  void count(std::vector<ByOrigin>& into, const std::vector<int8_t>& labels, Origin origin) const;
  /// Counts a row of the output.
  void add(const std::vector<int8_t>& labels, Origin origin);
  /// Takes `times` and `class_times` from the final use of the rows.
  void end(const RowUse& use);
};

/// Returns the JSON of `balance --json`.
Json balance_json(const BalanceTally& tally);

/// Returns the JSON of `balance --dry-run --json`.
Json forecast_json(const BalanceTally& tally, const Plan& plan);

/// Returns how many rows a class got as a further label of rows that were drawn for other classes.
int64_t rows_for_others(const Json& balance, const std::string& class_name);

/// Returns either as text, as `balance` prints it.
std::string balance_text(const Json& balance);

}  // namespace evenray
