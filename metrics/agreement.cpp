// SPDX-License-Identifier: Apache-2.0
#include "metrics/agreement.hpp"

#include <cstddef>
#include <limits>
#include <map>

namespace evenray {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double cohen_kappa(const std::vector<int>& a, const std::vector<int>& b) {
  std::map<int, double> of_a, of_b;
  double items = 0, equal = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == kNotRated || b[i] == kNotRated) continue;
    ++items;
    ++of_a[a[i]];
    ++of_b[b[i]];
    if (a[i] == b[i]) ++equal;
  }
  double by_chance = 0;
  for (const auto& [category, count] : of_a)
    if (const auto other = of_b.find(category); other != of_b.end())
      by_chance += count * other->second;
  by_chance /= items * items;
  return items > 0 && by_chance < 1 ? (equal / items - by_chance) / (1 - by_chance) : kUndefined;
}

double krippendorff_alpha(const std::vector<std::vector<int>>& ratings) {
  // Coincidences of the values of one item, each pair weighted by 1 / (its ratings - 1).
  std::map<int, double> totals;
  double all = 0, different = 0;
  const size_t items = ratings.empty() ? 0 : ratings[0].size();
  for (size_t i = 0; i < items; ++i) {
    std::map<int, double> counts;
    double rated = 0;
    for (const auto& person : ratings)
      if (person[i] != kNotRated) ++counts[person[i]], ++rated;
    if (rated < 2) continue;
    for (const auto& [category, count] : counts) {
      totals[category] += count;
      different += count * (rated - count) / (rated - 1);
    }
    all += rated;
  }
  double expected = 0;
  for (const auto& [category, count] : totals) expected += count * (all - count);
  return expected > 0 ? 1 - (all - 1) * different / expected : kUndefined;
}

}  // namespace evenray
