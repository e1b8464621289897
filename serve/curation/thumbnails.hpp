// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "serve/curation/collection.hpp"

namespace evenray {

/// Small pictures of the rows, for the grid. The newest ones are kept in memory; images of a store
/// are small, so that making others anew takes less than a millisecond each.
class ThumbnailCache {
 public:
  /// The side of a thumbnail, px; a shorter side is padded.
  static constexpr int kSide = 96;

  /// `collection` must outlive it.
  explicit ThumbnailCache(const Collection& collection) : collection_(collection) {}

  /// Returns a PNG of thumbnails side by side, `columns` in a row, one per number. Thread-safe.
  /// Throws as Collection::image().
  std::string sheet(std::span<const int64_t> numbers, int columns);

 private:
  /// Returns a thumbnail (CV_8UC1, kSide x kSide).
  cv::Mat thumbnail(int64_t number);

  const Collection& collection_;
  std::mutex mutex_;
  std::list<std::pair<int64_t, cv::Mat>> newest_;  ///< the last used one first
  std::unordered_map<int64_t, std::list<std::pair<int64_t, cv::Mat>>::iterator> kept_;
};

}  // namespace evenray
