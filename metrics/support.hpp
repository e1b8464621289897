// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/stats.hpp"

namespace evenray {

/// An interval from fewer groups carries a caution.
inline constexpr int64_t kFewGroups = 10;
/// From fewer groups there is no interval.
inline constexpr int64_t kLeastGroups = 3;

/// The independent groups behind the intervals of one class. All programs that print an interval
/// take it from this struct, so few groups are treated in the same way everywhere. The smaller
/// number decides, because AUROC and balanced accuracy need both kinds of rows.
struct Support {
  int64_t positive = 0;  ///< groups with at least one positive row
  int64_t negative = 0;  ///< groups with at least one negative row

  int64_t least() const { return positive < negative ? positive : negative; }
  bool has_interval() const { return least() >= kLeastGroups; }
  /// Returns what to say beside the intervals, without a full stop; empty from kFewGroups groups
  /// on: "only 7 positive groups (fewer than 10), so the intervals are unreliable".
  std::string caution() const;
  /// Returns percentile_interval(); NaN without has_interval().
  Interval interval(const std::vector<double>& replicates, double confidence = .95) const;
};

/// Counts the groups of rows with these labels (0 or 1). A row with an empty group is a group of
/// its own.
Support support_of(std::span<const uint8_t> labels, const std::vector<std::string>& groups);

}  // namespace evenray
