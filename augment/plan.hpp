// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// Correlation above which two pictures count as one.
inline constexpr double kNearDuplicate = .98;

/// [balance] of a configuration.
struct BalanceOptions {
  std::string strategy = "auto";                ///< see make_plan()
  std::vector<std::string> sources = {"copy"};  ///< NAME or NAME@SHARE, see SourceKind
  double near_duplicate = kNearDuplicate;       ///< synthetic images above it are rejected; 0: off
  bool memorised = false;     ///< reject synthetic images nearer to training than held-out ones are
  double max_factor = 0;      ///< upper limit of copies and augmented rows per image; 0: no limit
  double max_synthetic = 1;   ///< upper limit of synthetic images per real one of the class
  bool allow_resize = false;  ///< take a generator of another size than the store's

  void fields(Fields& f);
  /// Throws 78 for a value out of range. The names of sources are checked by check_sources().
  void check() const;
};

/// How many rows each class has and gets. Where rows may have several labels, the classes are
/// planned one by one: a copy made for one of them carries the other labels of its parent too, so
/// these may end above their plan.
struct Plan {
  std::vector<int64_t> before, added;
  /// Real rows of each class that give way to synthetic ones on top of `added`; empty: none.
  std::vector<int64_t> replaced;
};

/// imbalanced-learn's `sampling_strategy` for over-sampling: `auto` (= `not majority`), `minority`,
/// `not minority`, `not majority`, `all`, a ratio (two classes: minority / majority after), or
/// "class=count,..." with counts at least the present ones. The words and ratios leave classes
/// without rows alone. Throws 2 for an unknown strategy, 65 for an unknown class, a target below
/// the present count, or a ratio with more classes.
Plan make_plan(const std::vector<int64_t>& counts,
               const std::vector<std::string>& class_names,
               const std::string& strategy);

/// "augment:xray@.5" -> {"augment:xray", .5}; without @ the share is -1 (what is left is shared
/// equally). Throws 2, also for a source named twice.
struct ParsedSource {
  std::string name;
  double share;
};
std::vector<ParsedSource> parse_sources(const std::vector<std::string>& sources);

/// The shares with what is left dealt out; they sum to 1. Throws 2 where they cannot.
std::vector<double> source_shares(const std::vector<ParsedSource>& sources);

/// Who makes how many of the rows that a class needs.
struct Allotment {
  std::vector<int64_t> from;  ///< one a source
  int64_t copies = 0;         ///< plain copies where no source but synthetic ones is named
  int64_t missing = 0;        ///< what the caps leave unfilled
};

/// Deals `need` rows by shares (largest remainders), then moves what exceeds `synthetic_cap` to the
/// other sources (or copies), and what exceeds `derived_cap` (copies and augmented; negative: none)
/// back to synthetic ones as far as their cap allows.
Allotment allot(int64_t need,
                const std::vector<double>& shares,
                const std::vector<bool>& synthetic,
                int64_t synthetic_cap,
                int64_t derived_cap);

}  // namespace evenray
