// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "augment/thumbnails.hpp"
#include "serve/curation/collection.hpp"

namespace evenray {

/// A row and how far its image correlates with another one, -1 to 1 (mirrored ones count too).
struct Likeness {
  int64_t number = 0;
  float correlation = 0;
};

/// Finds images that look alike: thumbnails of at most 16 px as vectors (augment/thumbnails.hpp),
/// as the gate "near-duplicate" compares them, but smaller. Takes 1 KB a row, while it reads the
/// images 5 KB.
class LikenessIndex {
 public:
  /// Reads all images, with `threads` threads. `collection` and `stop` must outlive it. Throws
  /// as Collection::image(), 75 once `stop` is true.
  LikenessIndex(const Collection& collection, int threads, const std::atomic<bool>& stop);

  /// Returns the `count` rows most like a row, the most alike first; only real training images if
  /// `real`. Never the row itself.
  std::vector<Likeness> nearest(int64_t number, int count, bool real) const;
  /// Returns for each row that is not real the correlation with the nearest real training image;
  /// NaN for real rows. Takes seconds for 10,000 drawn rows beside as many real ones, and grows
  /// with the product of both. Throws 75 when stopped.
  std::vector<float> nearest_real() const;
  /// Returns the number of each row's copy group, from 1 on: rows of one picture, whose thumbnails
  /// of 64 px correlate above .98 (dataset/duplicates.hpp); NaN for a row without copies.
  const std::vector<float>& copy_groups() const { return copy_groups_; }
  /// Returns the other rows of a row's copy group.
  std::vector<int64_t> copies_of(int64_t number) const;
  /// Returns the vector of a row, vector_length() numbers.
  const float* vector(int64_t number) const;
  size_t vector_length() const { return thumbnails_.length(); }

 private:
  const Collection& collection_;
  Thumbnails thumbnails_;
  std::vector<float> vectors_, copy_groups_;
  std::vector<int64_t> real_;  ///< numbers of real rows of train
  int threads_;
  const std::atomic<bool>& stop_;
};

}  // namespace evenray
