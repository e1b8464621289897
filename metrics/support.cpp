// SPDX-License-Identifier: Apache-2.0
#include "metrics/support.hpp"

#include <array>
#include <cassert>
#include <limits>
#include <set>

#include "core/text.hpp"

namespace evenray {

std::string Support::caution() const {
  if (least() >= kFewGroups) return "";
  const std::string count = cat("only ",
                                least(),
                                positive < negative   ? " positive"
                                : positive > negative ? " negative"
                                                      : "",
                                least() == 1 ? " group" : " groups");
  return has_interval()
             ? cat(count, " (fewer than ", kFewGroups, "), so the intervals are unreliable")
             : cat(count, " (fewer than ", kLeastGroups, "), so there are no intervals");
}

Interval Support::interval(const std::vector<double>& replicates, double confidence) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  return has_interval() ? percentile_interval(replicates, confidence) : Interval{kNone, kNone};
}

Support support_of(std::span<const uint8_t> labels, const std::vector<std::string>& groups) {
  assert(labels.size() == groups.size());
  std::array<std::set<std::string_view>, 2> named;
  std::array<int64_t, 2> unnamed{};
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t kind = labels[i] ? 1 : 0;
    if (groups[i].empty())
      ++unnamed[kind];
    else
      named[kind].insert(groups[i]);
  }
  return {unnamed[1] + std::ssize(named[1]), unnamed[0] + std::ssize(named[0])};
}

}  // namespace evenray
