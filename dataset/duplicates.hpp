// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/image_facts.hpp"

namespace evenray {

/// Items that belong together, for the rooms' grouping (near-duplicates, visits).
class UnionFind {
 public:
  explicit UnionFind(size_t items);
  void unite(size_t a, size_t b);
  size_t root(size_t item);  ///< the smallest item of its group
  /// All groups, single items included, by their smallest item; items rise.
  std::vector<std::vector<size_t>> groups();

 private:
  std::vector<size_t> parent_;
};

/// The correlation of two thumbnails (Pearson's).
double thumbnail_correlation(const cv::Mat& a, const cv::Mat& b);

/// Groups (two or more rows each) of one picture: correlation of the thumbnails above .98, linked.
/// No pair is missed: a perceptual hash as a first sieve misses some (of FracAtlas one whose hashes
/// differ in 12 bits). Truncated images take part, so that a damaged copy under another label is
/// found; blank and unreadable ones do not.
std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts);

/// Whether rows of one picture differ in a label that both know.
bool labels_conflict(const Manifest& manifest, const std::vector<size_t>& rows);

/// Per row the audit kind that keeps it out of a store whatever its part: unreadable, truncated,
/// duplicate_conflict, or empty.
std::vector<std::string> row_faults(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts,
                                    const std::vector<std::vector<size_t>>& duplicates);

}  // namespace evenray
