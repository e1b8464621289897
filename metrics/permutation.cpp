// SPDX-License-Identifier: Apache-2.0
#include "metrics/permutation.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/parallel.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr double kNoTest = std::numeric_limits<double>::quiet_NaN();

/// Writes the swap of one draw, or number `index` of all swaps.
void mark_swapped(std::vector<uint8_t>& swapped, bool exact, size_t index, const Rng& rng) {
  Rng stream = rng.fork("permutation", index);
  uint64_t bits = index;
  for (size_t group = 0; group < swapped.size(); ++group) {
    if (!exact && group % 64 == 0) bits = stream.bits64();
    swapped[group] = bits >> group % 64 & 1;
  }
}

/// Returns the rank of each row from 1 upwards; tied rows get their mean rank.
std::vector<double> mean_ranks(std::span<const double> scores, std::span<const uint8_t> labels) {
  const RankedScores ranked(scores, labels);
  std::vector<double> ranks(scores.size());
  for (size_t begin = 0, end = 0; begin < ranks.size(); begin = end) {
    while (!ranked.ends_tie(end++)) {
    }
    for (size_t place = begin; place < end; ++place)
      ranks[ranked.order()[place]] =
          static_cast<double>(ranks.size()) - static_cast<double>(begin + end - 1) / 2;
  }
  return ranks;
}

/// Renumbers the groups with a `differs` from 0; the others get SIZE_MAX. Returns their number.
size_t keep_groups(GroupIndex& groups, const std::vector<uint8_t>& differs) {
  std::vector<size_t> numbers(groups.count, SIZE_MAX);
  size_t kept = 0;
  for (size_t group = 0; group < groups.count; ++group) {
    if (differs[group]) numbers[group] = kept++;
  }
  for (auto& group : groups.of_row) group = numbers[group];
  return kept;
}

/// One model's rank of one row.
struct RankedRow {
  double rank;
  size_t group;  ///< SIZE_MAX: never swapped
  uint8_t model, positive;
};

/// Returns twice the number of (positive, negative) pairs that the first model orders correctly,
/// minus that of the second, after a swap: a whole number. `rows`: both models, highest rank first.
double swapped_pairs(const std::vector<RankedRow>& rows, std::span<const uint8_t> swapped) {
  std::array<int64_t, 2> above{}, pairs{};
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::array<int64_t, 2> positives{}, negatives{};
    for (; end < rows.size() && rows[end].rank == rows[begin].rank; ++end) {
      const RankedRow& row = rows[end];
      const size_t model = row.model ^ (row.group == SIZE_MAX ? 0 : swapped[row.group]);
      ++(row.positive ? positives : negatives)[model];
    }
    for (const size_t model : {0, 1}) {
      pairs[model] += negatives[model] * (2 * above[model] + positives[model]);
      above[model] += positives[model];
    }
  }
  return static_cast<double>(pairs[0] - pairs[1]);
}

}  // namespace

double permutation_p(size_t groups,
                     const std::function<double(std::span<const uint8_t> swapped)>& difference,
                     const Permutations& permutations) {
  const bool exact = groups <= kExactGroups;
  const auto tries =
      exact ? size_t{1} << groups : static_cast<size_t>(std::max<int64_t>(0, permutations.draws));
  if (groups == 0 || tries == 0) return kNoTest;
  const double observed = std::abs(difference(std::vector<uint8_t>(groups)));
  std::vector<uint8_t> as_large(tries);
  parallel_for(tries, permutations.threads, [&](size_t index) {
    std::vector<uint8_t> swapped(groups);
    mark_swapped(swapped, exact, index, permutations.rng);
    as_large[index] = std::abs(difference(swapped)) >= observed;
  });
  const double count = std::accumulate(as_large.begin(), as_large.end(), 0.0);
  const auto all = static_cast<double>(tries);
  return exact ? count / all : (1 + count) / (1 + all);
}

double auroc_permutation_p(std::span<const double> first,
                           std::span<const double> second,
                           std::span<const uint8_t> labels,
                           const std::vector<std::string>& groups,
                           const Permutations& permutations) {
  assert(first.size() == labels.size() && second.size() == labels.size());
  const auto positives = std::accumulate(labels.begin(), labels.end(), size_t{0});
  if (positives == 0 || positives == labels.size()) return kNoTest;
  const std::array ranks{mean_ranks(first, labels), mean_ranks(second, labels)};
  GroupIndex index = group_index(groups);
  std::vector<uint8_t> differs(index.count);
  for (size_t row = 0; row < labels.size(); ++row)
    differs[index.of_row[row]] |= ranks[0][row] != ranks[1][row];
  const size_t kept = keep_groups(index, differs);
  std::vector<RankedRow> rows;
  for (const uint8_t model : {0, 1}) {
    for (size_t row = 0; row < labels.size(); ++row)
      rows.push_back({ranks[model][row], index.of_row[row], model, labels[row]});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const RankedRow& a, const RankedRow& b) {
    return a.rank > b.rank;
  });
  return permutation_p(
      kept,
      [&](std::span<const uint8_t> swapped) { return swapped_pairs(rows, swapped); },
      permutations);
}

double balanced_accuracy_permutation_p(std::span<const uint8_t> first_right,
                                       std::span<const uint8_t> second_right,
                                       std::span<const uint8_t> labels,
                                       const std::vector<std::string>& groups,
                                       const Permutations& permutations) {
  assert(first_right.size() == labels.size() && second_right.size() == labels.size());
  const int64_t positives = std::accumulate(labels.begin(), labels.end(), int64_t{0});
  const int64_t negatives = std::ssize(labels) - positives;
  if (positives == 0 || negatives == 0) return kNoTest;
  const GroupIndex index = group_index(groups);
  // What a group adds to the difference, times 2 x positives x negatives: a whole number.
  std::vector<int64_t> all(index.count), parts;
  for (size_t row = 0; row < labels.size(); ++row) {
    const int64_t gain = int64_t{first_right[row]} - int64_t{second_right[row]};
    all[index.of_row[row]] += gain * (labels[row] ? negatives : positives);
  }
  std::copy_if(
      all.begin(), all.end(), std::back_inserter(parts), [](int64_t part) { return part != 0; });
  return permutation_p(
      parts.size(),
      [&](std::span<const uint8_t> swapped) {
        int64_t sum = 0;
        for (size_t group = 0; group < parts.size(); ++group)
          sum += swapped[group] ? -parts[group] : parts[group];
        return static_cast<double>(sum);
      },
      permutations);
}

}  // namespace evenray
