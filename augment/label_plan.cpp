// SPDX-License-Identifier: Apache-2.0
#include "augment/label_plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>

#include "dataset/summary/imbalance.hpp"

namespace evenray {
namespace {

std::vector<int64_t> counts_of_labels(const LabelRows& rows) {
  std::vector<int64_t> counts(rows.labels.empty() ? 0 : rows.labels[0].size());
  for (const auto& labels : rows.labels)
    for (size_t c = 0; c < counts.size(); ++c) counts[c] += labels[c] == 1;
  return counts;
}

int64_t rows_to_clone(const LabelRows& rows, double percent) {
  return static_cast<int64_t>(static_cast<double>(rows.labels.size()) * percent / 100);
}

/// Rows that are cloned in turn, in shuffled order.
class Bag {
 public:
  Bag(std::vector<int64_t> rows, Rng rng) : rows_(std::move(rows)) { rng.shuffle(rows_); }

  /// Takes the next row with room, and uses it up by one. -1: no row has room.
  int64_t take(std::vector<int64_t>& room) {
    for (size_t tried = 0; tried < rows_.size(); ++tried) {
      const int64_t row = rows_[next_++ % rows_.size()];
      if (room[static_cast<size_t>(row)] <= 0) continue;
      --room[static_cast<size_t>(row)];
      return row;
    }
    return -1;
  }
  size_t size() const { return rows_.size(); }

 private:
  std::vector<int64_t> rows_;
  size_t next_ = 0;
};

std::vector<int64_t> rows_with(const LabelRows& rows, size_t c) {
  std::vector<int64_t> found;
  for (size_t row = 0; row < rows.labels.size(); ++row)
    if (rows.labels[row][c] == 1) found.push_back(static_cast<int64_t>(row));
  return found;
}

/// The rarest class of a row; the number of classes if it has none.
size_t rarest_label(const std::vector<int8_t>& labels, const std::vector<int64_t>& counts) {
  size_t rarest = counts.size();
  for (size_t c = 0; c < counts.size(); ++c)
    if (labels[c] == 1 && (rarest == counts.size() || counts[c] < counts[rarest])) rarest = c;
  return rarest;
}

}  // namespace

Parents ml_ros(const LabelRows& rows, double percent, const Rng& rng) {
  std::vector<int64_t> counts = counts_of_labels(rows);
  const Imbalance before = imbalance(counts);
  Parents parents(counts.size());
  std::map<size_t, Bag> bags;
  for (size_t c = 0; c < counts.size(); ++c)
    if (before.irlbl[c] > before.mean_ir)
      bags.emplace(c, Bag(rows_with(rows, c), rng.fork("ml-ros", c)));
  std::vector<int64_t> room = rows.room;
  for (int64_t left = rows_to_clone(rows, percent); left > 0 && !bags.empty();) {
    for (auto bag = bags.begin(); bag != bags.end() && left > 0;) {
      const int64_t row = bag->second.take(room);
      if (row >= 0) {
        parents[bag->first].push_back(row);
        --left;
        const auto& labels = rows.labels[static_cast<size_t>(row)];
        for (size_t c = 0; c < counts.size(); ++c) counts[c] += labels[c] == 1;
      }
      const bool leaves = row < 0 || imbalance(counts).irlbl[bag->first] <= before.mean_ir;
      bag = leaves ? bags.erase(bag) : std::next(bag);
    }
  }
  return parents;
}

Parents lp_ros(const LabelRows& rows, double percent, const Rng& rng) {
  const std::vector<int64_t> counts = counts_of_labels(rows);
  std::map<std::vector<bool>, std::vector<int64_t>> sets;
  for (size_t row = 0; row < rows.labels.size(); ++row) {
    std::vector<bool> set;
    for (const int8_t label : rows.labels[row]) set.push_back(label == 1);
    sets[set].push_back(static_cast<int64_t>(row));
  }
  const double mean = static_cast<double>(rows.labels.size()) / static_cast<double>(sets.size());
  std::vector<std::pair<size_t, Bag>> small;  // class that it is cloned for, rows
  for (auto& [set, members] : sets) {
    const size_t rarest = rarest_label(rows.labels[static_cast<size_t>(members.front())], counts);
    if (static_cast<double>(members.size()) >= mean || rarest == counts.size()) continue;
    small.emplace_back(rarest, Bag(std::move(members), rng.fork("lp-ros", small.size())));
  }
  std::stable_sort(small.begin(), small.end(), [](const auto& a, const auto& b) {
    return a.second.size() > b.second.size();
  });
  Parents parents(counts.size());
  std::vector<int64_t> room = rows.room;
  int64_t left = rows_to_clone(rows, percent);
  for (size_t i = 0; i < small.size(); ++i) {
    auto& [rarest, bag] = small[i];
    const auto part = left / static_cast<int64_t>(small.size() - i);
    const auto wanted = static_cast<int64_t>(mean - static_cast<double>(bag.size()));
    for (int64_t n = std::min(part, wanted); n > 0; --n) {
      const int64_t row = bag.take(room);
      if (row < 0) break;
      parents[rarest].push_back(row);
      --left;
    }
  }
  return parents;
}

Parents parents_for_targets(const LabelRows& rows,
                            const std::vector<int64_t>& targets,
                            const MadeFromRows& made_from_rows,
                            const Rng& rng,
                            std::vector<int64_t>& added) {
  const std::vector<int64_t> before = counts_of_labels(rows);
  const size_t classes = before.size();
  std::vector<int64_t> counts = before;
  std::vector<size_t> order(classes);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return before[a] < before[b]; });
  Parents parents(classes);
  added.assign(classes, 0);
  std::vector<int64_t> room = rows.room;
  for (const size_t c : order) {
    const int64_t need = targets[c] - counts[c];
    if (need <= 0) continue;
    added[c] = need;
    const int64_t made = made_from_rows(c, need);
    // How often a row is used, plus its labels above their targets; then a random order.
    using Entry = std::tuple<int64_t, size_t, int64_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> next;
    std::vector<int64_t> members = rows_with(rows, c);
    Rng shuffle = rng.fork("parents", c);
    shuffle.shuffle(members);
    for (size_t i = 0; i < members.size(); ++i) {
      const auto& labels = rows.labels[static_cast<size_t>(members[i])];
      int64_t above = 0;
      for (size_t other = 0; other < classes; ++other)
        above += other != c && labels[other] == 1 && counts[other] >= targets[other];
      next.emplace(above, i, members[i]);
    }
    while (std::ssize(parents[c]) < made && !next.empty()) {
      const auto [cost, place, row] = next.top();
      next.pop();
      if (room[static_cast<size_t>(row)] <= 0) continue;
      --room[static_cast<size_t>(row)];
      next.emplace(cost + 1, place, row);
      parents[c].push_back(row);
      for (size_t other = 0; other < classes; ++other)
        counts[other] += other != c && rows.labels[static_cast<size_t>(row)][other] == 1;
    }
    counts[c] += need;
  }
  return parents;
}

}  // namespace evenray
