// SPDX-License-Identifier: Apache-2.0
#include "metrics/paired_decisions.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// Rows that share a weight: all rows, or those of one label.
struct Stratum {
  double rows = 0, first_right = 0, second_right = 0;

  double gain() const { return (first_right - second_right) / rows; }
};

/// `stratum`: [row]. The metric is the mean over the strata of the share of right rows.
PairedDifference difference_of(const PairedDecisions& decisions,
                               const std::vector<uint8_t>& stratum,
                               size_t strata) {
  assert(decisions.first_right.size() == stratum.size() &&
         decisions.second_right.size() == stratum.size());
  std::vector<Stratum> sums(strata);
  for (size_t row = 0; row < stratum.size(); ++row) {
    Stratum& sum = sums[stratum[row]];
    sum.rows += 1;
    sum.first_right += decisions.first_right[row];
    sum.second_right += decisions.second_right[row];
  }
  PairedDifference out;
  for (const auto& sum : sums) {
    if (sum.rows == 0) return {kNoValue, kNoValue, kNoValue};
    out.first += sum.first_right / sum.rows / static_cast<double>(strata);
    out.second += sum.second_right / sum.rows / static_cast<double>(strata);
  }
  const GroupIndex groups = group_index(decisions.groups);
  std::vector<double> deviations(groups.count);
  for (size_t row = 0; row < stratum.size(); ++row) {
    const Stratum& sum = sums[stratum[row]];
    const double gain = static_cast<double>(decisions.first_right[row]) -
                        static_cast<double>(decisions.second_right[row]);
    deviations[groups.of_row[row]] += (gain - sum.gain()) / sum.rows / static_cast<double>(strata);
  }
  const auto count = static_cast<double>(groups.count);
  out.variance =
      groups.count < 2
          ? kNoValue
          : std::inner_product(deviations.begin(), deviations.end(), deviations.begin(), 0.0) *
                count / (count - 1);
  return out;
}

}  // namespace

PairedDifference accuracy_difference(const PairedDecisions& decisions) {
  return difference_of(decisions, std::vector<uint8_t>(decisions.labels.size()), 1);
}

PairedDifference balanced_accuracy_difference(const PairedDecisions& decisions) {
  return difference_of(decisions, decisions.labels, 2);
}

double mcnemar_p(int64_t first_only, int64_t second_only) {
  const int64_t discordant = first_only + second_only;
  if (discordant == 0) return kNoValue;
  return std::min(1.0, 2 * binomial_upper_tail(std::max(first_only, second_only), discordant, .5));
}

}  // namespace evenray
