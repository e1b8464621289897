// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dataset/image_facts.hpp"

namespace evenray {

/// Disjoint sets of items 0 to n - 1. Links near-duplicates, and the images of one visit.
class UnionFind {
 public:
  explicit UnionFind(size_t items);
  /// Merges the groups of `a` and `b`.
  void unite(size_t a, size_t b);
  /// Returns the smallest item of the group of `item`.
  size_t root(size_t item);
  /// Returns all groups, single items included, ordered by their smallest item. The items of a
  /// group ascend.
  std::vector<std::vector<size_t>> groups();

 private:
  std::vector<size_t> parent_;
};

/// Returns Pearson's correlation of two thumbnails.
double thumbnail_correlation(const cv::Mat& a, const cv::Mat& b);

/// Returns the groups (two rows or more each) that show the same picture: rows are linked if their
/// thumbnails correlate above .98. The search is exact. A perceptual hash as a first filter would
/// miss pairs (in FracAtlas one whose hashes differ in 12 bits). Truncated images take part, so
/// that a damaged copy under another label is found; blank and unreadable images do not.
/// `check_going` is called for each image, on any thread; an exception of it ends the search.
std::vector<std::vector<size_t>> near_duplicate_groups(
    const std::vector<ImageFacts>& facts,
    int threads,
    const std::function<void()>& check_going = [] {});

/// Returns the pairs of rows of which one is the other mirrored, turned by quarters or both: the
/// thumbnails then correlate above .98. Ordered. The search is exact.
std::vector<std::pair<size_t, size_t>> turned_duplicates(const std::vector<ImageFacts>& facts,
                                                         int threads);

/// Returns whether two of these rows of one picture differ in a label that both know.
bool labels_conflict(const Manifest& manifest, const std::vector<size_t>& rows);

/// Returns, per row, the audit kind that keeps it out of every part of a store: unreadable,
/// truncated or duplicate_conflict; empty if there is none.
std::vector<std::string> row_faults(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts,
                                    const std::vector<std::vector<size_t>>& duplicates);

}  // namespace evenray
