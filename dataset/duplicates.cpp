// SPDX-License-Identifier: Apache-2.0
#include "dataset/duplicates.hpp"

#include <bit>
#include <map>

namespace evenray {
namespace {

constexpr int kMaxHamming = 4;
constexpr double kMinCorrelation = .98;

}  // namespace

UnionFind::UnionFind(size_t items) : parent_(items) {
  for (size_t i = 0; i < items; ++i) parent_[i] = i;
}

size_t UnionFind::root(size_t item) {
  while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
  return item;
}

void UnionFind::unite(size_t a, size_t b) {
  a = root(a);
  b = root(b);
  parent_[std::max(a, b)] = std::min(a, b);
}

std::vector<std::vector<size_t>> UnionFind::groups() {
  std::map<size_t, std::vector<size_t>> members;
  for (size_t i = 0; i < parent_.size(); ++i) members[root(i)].push_back(i);
  std::vector<std::vector<size_t>> out;
  for (auto& [root, rows] : members) out.push_back(std::move(rows));
  return out;
}

std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts) {
  UnionFind same(facts.size());
  for (size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i].readable || facts[i].blank) continue;
    for (size_t j = i + 1; j < facts.size(); ++j) {
      if (std::popcount(facts[i].phash ^ facts[j].phash) > kMaxHamming) continue;
      if (!facts[j].readable || facts[j].blank) continue;
      if (facts[i].thumbnail.dot(facts[j].thumbnail) > kMinCorrelation) same.unite(i, j);
    }
  }
  auto groups = same.groups();
  std::erase_if(groups, [](const auto& rows) { return rows.size() < 2; });
  return groups;
}

bool labels_conflict(const Manifest& manifest, const std::vector<size_t>& rows) {
  for (const auto row : rows) {
    const auto& first = manifest.samples[rows.front()].labels;
    const auto& labels = manifest.samples[row].labels;
    for (size_t c = 0; c < labels.size(); ++c) {
      if (labels[c] != first[c] && labels[c] >= 0 && first[c] >= 0) return true;
    }
  }
  return false;
}

std::vector<std::string> row_faults(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts,
                                    const std::vector<std::vector<size_t>>& duplicates) {
  std::vector<std::string> faults(manifest.samples.size());
  for (const auto& rows : duplicates) {
    if (!labels_conflict(manifest, rows)) continue;
    for (const auto row : rows) faults[row] = "duplicate_conflict";
  }
  for (size_t i = 0; i < faults.size(); ++i) {
    if (!facts[i].readable) {
      faults[i] = "unreadable";
    } else if (facts[i].truncated) {
      faults[i] = "truncated";
    }
  }
  return faults;
}

}  // namespace evenray
