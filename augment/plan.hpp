// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// Correlation above which two images count as duplicates.
inline constexpr double kNearDuplicate = .98;

/// [balance] of a configuration.
struct BalanceOptions {
  std::string strategy = "auto";                ///< see make_plan()
  std::vector<std::string> sources = {"copy"};  ///< sources of the added rows: NAME or NAME@SHARE
  double near_duplicate =
      kNearDuplicate;  ///< reject synthetic images above this correlation; 0: off
  /// Reject synthetic images that are nearer to a training image than 95 % of held-out images are.
  bool memorised = false;
  std::string decisions{};    ///< CSV of people's decisions, see make_decisions_gate(); empty: none
  double max_factor = 0;      ///< maximum of copies and augmented rows per image; 0: no limit
  double max_synthetic = 1;   ///< maximum of synthetic images per real one of the class
  bool allow_resize = false;  ///< resize images of a generator that has another size
  bool allow_weak = false;    ///< accept a generator that is not usable yet or has no verdict

  void fields(Fields& f);
  /// Throws 78 for a value out of range. check_sources() checks the names of the sources.
  void check() const;
};

/// How rows with several labels are cloned instead of adding rows per class; see label_plan.hpp.
struct Cloning {
  std::string method;   ///< ml-ros, lp-ros; empty: rows are added per class
  double percent = 25;  ///< rows to add, in percent of the training rows
};

/// The number of rows that each class has and gets. If rows can have several labels, a copy made
/// for one class also has the other labels of its parent, so that run_balance() adds fewer rows to
/// those classes, and some may end with more rows than before + added.
struct Plan {
  std::vector<int64_t> before, added;  ///< per class
  /// Real rows per class that synthetic ones replace, in addition to `added`; empty: none.
  std::vector<int64_t> replaced;
  Cloning cloning{};  ///< not empty: run_balance() decides `added`
  /// Set by run_balance() for rows with several labels: the rows that each class should have
  /// (empty: rows are cloned), and the training rows that the first copies and augmented rows of
  /// each class are made from.
  std::vector<int64_t> targets{};
  std::vector<std::vector<int64_t>> parents{};
};

/// Returns the plan of imbalanced-learn's `sampling_strategy` for over-sampling: `auto` (= `not
/// majority`), `minority`, `not minority`, `not majority`, `all`, a ratio (two classes: minority /
/// majority after balancing), or "class=count,..." with counts not below the present ones. Words
/// and ratios add nothing to classes without rows. `ml-ros` and `lp-ros`, with or without =PERCENT,
/// are for rows with several labels. Throws 2 for an unknown strategy, a ratio that is not above 0
/// and at most 1, or a percentage that is not above 0 and at most 1000. Throws 65 for an unknown
/// class, a target count below the present one, a ratio not above the present one, a ratio if not
/// exactly two classes have rows, and if no class has rows.
Plan make_plan(const std::vector<int64_t>& counts,
               const std::vector<std::string>& class_names,
               const std::string& strategy);

/// Parses the strategies "ml-ros" and "lp-ros", with or without =PERCENT; nullopt for another one.
/// Throws 2 for a percentage that is not above 0 and at most 1000.
std::optional<Cloning> parse_cloning(const std::string& strategy);

/// A source as the user writes it: "augment:xray@.5" -> {"augment:xray", .5}.
struct ParsedSource {
  std::string name;
  double share;  ///< 0 to 1; -1: not given, an equal part of what the others leave
};
/// Parses them, in order. Throws 2 for a share out of range, an empty name or a name given twice.
std::vector<ParsedSource> parse_sources(const std::vector<std::string>& sources);

/// Returns the share of each source, summing to 1; sources without a share get equal parts of what
/// is left. Throws 2 if the given shares sum to more than 1, or if all shares are given and sum to
/// less than 1.
std::vector<double> source_shares(const std::vector<ParsedSource>& sources);

/// The number of rows that each source draws for a class.
struct Allotment {
  std::vector<int64_t> by_share;  ///< rows per source by share alone, without limits
  std::vector<int64_t> from;      ///< rows per source
  int64_t copies = 0;             ///< plain copies, if all sources are synthetic
  int64_t missing = 0;            ///< rows that the limits do not allow
};

/// Divides `need` rows among the sources according to `shares` (largest remainders). Rows above
/// `synthetic_cap` move to the other sources (or to copies); then rows above `derived_cap` (copies
/// and augmented rows; negative: no limit) move back to the synthetic ones, as far as synthetic_cap
/// allows.
Allotment allot(int64_t need,
                const std::vector<double>& shares,
                const std::vector<bool>& synthetic,
                int64_t synthetic_cap,
                int64_t derived_cap);

}  // namespace evenray
