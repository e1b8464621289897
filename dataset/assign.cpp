// SPDX-License-Identifier: Apache-2.0
#include "dataset/assign.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace evenray {
namespace {

/// A group is large if it has more than this share of the rows of a class that the smallest part
/// gets.
constexpr double kLargeShare = .25;

/// The state of one call of assign_groups().
class Assigner {
 public:
  Assigner(const std::vector<std::vector<int64_t>>& counts,
           const std::vector<double>& shares,
           const Rng& rng)
      : counts_(counts),
        shares_(shares),
        classes_(counts.empty() ? 0 : counts.front().size()),
        rng_(rng),
        order_(counts.size()),
        part_of_(counts.size(), shares.size()),
        have_(shares.size(), std::vector<int64_t>(classes_)),
        have_rows_(shares.size()),
        total_(classes_) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    rng_.shuffle(order_);
    for (const auto& group : counts_) {
      for (size_t c = 0; c < classes_; ++c) total_[c] += group[c];
    }
    rows_ = std::accumulate(total_.begin(), total_.end(), int64_t{0});
  }

  std::vector<size_t> assign() {
    for (size_t done = 0; done < classes_; ++done) {
      const size_t c = rarest_unassigned();
      if (c < classes_) assign_class(c);
    }
    std::replace(part_of_.begin(), part_of_.end(), shares_.size(), size_t{0});
    return std::move(part_of_);
  }

 private:
  bool unassigned(size_t group) const { return part_of_[group] == shares_.size(); }

  /// Returns the class with the fewest rows in unassigned groups; classes_ if no class has any.
  size_t rarest_unassigned() const {
    std::vector<int64_t> rows(classes_);
    for (size_t g = 0; g < counts_.size(); ++g) {
      for (size_t c = 0; unassigned(g) && c < classes_; ++c) rows[c] += counts_[g][c];
    }
    size_t best = classes_;
    for (size_t c = 0; c < classes_; ++c) {
      if (rows[c] > 0 && (best == classes_ || rows[c] < rows[best])) best = c;
    }
    return best;
  }

  void assign_class(size_t c) {
    std::vector<size_t> groups;
    for (const auto g : order_) {
      if (unassigned(g) && counts_[g][c] > 0) groups.push_back(g);
    }
    // Large groups come first because they fit only while there is room. The others keep their
    // random order, so that no part gets all the small groups.
    const double smallest =
        *std::min_element(shares_.begin(), shares_.end()) * static_cast<double>(total_[c]);
    const auto size = [&](size_t g) {
      const auto rows = static_cast<double>(counts_[g][c]);
      return rows > kLargeShare * smallest ? rows : 0.;
    };
    std::stable_sort(
        groups.begin(), groups.end(), [&](size_t a, size_t b) { return size(a) > size(b); });
    for (size_t i = 0; i < groups.size(); ++i) {
      const size_t part = neediest(c, groups.size() - i);
      part_of_[groups[i]] = part;
      for (size_t k = 0; k < classes_; ++k) {
        have_[part][k] += counts_[groups[i]][k];
        have_rows_[part] += counts_[groups[i]][k];
      }
    }
  }

  /// Returns the part that lacks most rows of class `c`. When only as many groups are left as there
  /// are parts without the class, only those parts are considered. One draw per part, used or not,
  /// keeps the random sequence independent of the comparison.
  size_t neediest(size_t c, size_t groups_left) {
    size_t without = 0;
    for (const auto& have : have_) without += have[c] == 0;
    const bool only_without = without > 0 && without >= groups_left;
    std::tuple<double, double, uint64_t> best{-1e300, 0, 0};
    size_t chosen = 0;
    for (size_t p = 0; p < shares_.size(); ++p) {
      const uint64_t draw = rng_.bits64();
      if (only_without && have_[p][c] > 0) continue;
      const double of_class =
          shares_[p] * static_cast<double>(total_[c]) - static_cast<double>(have_[p][c]);
      const double of_all =
          shares_[p] * static_cast<double>(rows_) - static_cast<double>(have_rows_[p]);
      const std::tuple need{of_class, of_all, draw};
      if (need > best) {
        best = need;
        chosen = p;
      }
    }
    return chosen;
  }

  const std::vector<std::vector<int64_t>>& counts_;
  const std::vector<double>& shares_;
  size_t classes_;
  Rng rng_;
  std::vector<size_t> order_, part_of_;
  std::vector<std::vector<int64_t>> have_;
  std::vector<int64_t> have_rows_, total_;
  int64_t rows_ = 0;
};

}  // namespace

std::vector<size_t> assign_groups(const std::vector<std::vector<int64_t>>& counts,
                                  const std::vector<double>& shares,
                                  const Rng& rng) {
  return Assigner(counts, shares, rng).assign();
}

}  // namespace evenray
