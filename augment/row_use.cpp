// SPDX-License-Identifier: Apache-2.0
#include "augment/row_use.hpp"

#include <algorithm>
#include <cmath>

#include "augment/balance.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Returns for each training row whether it is kept.
std::vector<bool> kept_rows(const Store& in, const std::vector<int64_t>& replaced, const Rng& rng) {
  const StorePart& train = in.part("train");
  std::vector<bool> kept(static_cast<size_t>(train.size()), true), is_parent(kept.size());
  for (const Provenance& provenance : train.provenance)
    if (provenance.parent >= 0) is_parent[static_cast<size_t>(provenance.parent)] = true;
  for (size_t c = 0; c < replaced.size(); ++c) {
    std::vector<int64_t> real;
    for (const int64_t row : train.rows_of(static_cast<int>(c))) {
      const auto i = static_cast<size_t>(row);
      const bool is_real = train.provenance[i].origin == Origin::real;
      if (is_real && kept[i] && !is_parent[i]) real.push_back(row);
    }
    const auto count = static_cast<size_t>(replaced[c]);
    if (count > real.size()) {
      throw Error(Exit::bad_data,
                  cat("balance: class '",
                      in.info().class_names[c],
                      "' has ",
                      real.size(),
                      " real rows that can be replaced, fewer than the ",
                      count,
                      " to replace"));
    }
    Rng order = rng.fork("replaced", c);
    order.shuffle(real);
    for (size_t i = 0; i < count; ++i) kept[static_cast<size_t>(real[i])] = false;
  }
  return kept;
}

}  // namespace

RowUse::RowUse(const Store& in,
               const std::vector<int64_t>& replaced,
               double max_factor,
               const Rng& rng)
    : in_(in), most_(static_cast<int64_t>(std::floor(max_factor))) {
  int64_t next = 0;
  for (const bool kept : kept_rows(in, replaced, rng)) new_row_.push_back(kept ? next++ : -1);
  for (const Provenance& provenance : in.part("train").provenance) {
    const bool derived =
        provenance.origin == Origin::copy || provenance.origin == Origin::augmented;
    if (derived && provenance.parent >= 0) use(provenance.parent);
  }
}

std::vector<int64_t> RowUse::parents_of(int class_index) const {
  auto rows =
      real_rows(in_,
                "train",
                class_index < 0 ? "" : in_.info().class_names[static_cast<size_t>(class_index)]);
  std::erase_if(rows, [&](int64_t row) { return !kept(row); });
  return rows;
}

int64_t RowUse::made_from(int64_t row) const {
  const auto found = made_from_.find(row);
  return found == made_from_.end() ? 0 : found->second;
}

int64_t RowUse::room(int class_index, int64_t most) const {
  int64_t room = 0;
  for (const int64_t row : parents_of(class_index))
    room += std::max<int64_t>(0, most - made_from(row));
  return room;
}

bool RowUse::is_free(int64_t parent) const {
  if (parent < 0) return true;
  return kept(parent) && (most_ == 0 || made_from(parent) < most_);
}

std::map<int64_t, int64_t> RowUse::times(int class_index) const {
  std::map<int64_t, int64_t> times;
  for (const int64_t row : parents_of(class_index)) ++times[1 + made_from(row)];
  return times;
}

}  // namespace evenray
