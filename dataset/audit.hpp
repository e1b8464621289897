// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "core/json.hpp"
#include "dataset/image.hpp"
#include "dataset/sample.hpp"

namespace evenray {

/// What one look at the pixels of every image tells; audit, split and pack share it so that nothing is decoded twice.
struct ImageFacts {
  int width = 0, height = 0, bits = 8, orientation = 1;
  bool readable = false, truncated = false, blank = false;
  std::string fault;
  uint64_t phash = 0;          ///< 64-bit perceptual hash (DCT of a 32x32 area-resized image)
  cv::Mat thumbnail;           ///< 64x64 CV_32F, zero mean, unit norm (normalised correlation = dot product)
  float mean = 0;              ///< of the pixels, 0..1
  float border_minus_centre = 0;  ///< mean of the border band minus mean of the centre, 0..1: high where bone is dark
};

/// Decodes every image once on `threads` threads. Throws 65 where none is readable.
std::vector<ImageFacts> scan_images(const Manifest& manifest, int threads);

/// Groups (two or more rows each) of one picture: Hamming distance of the hashes at most 4, then correlation above .98.
std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts);

/// One row of a split table for the leak checks.
struct SplitRow {
  std::string id, path, group, split, fold, fault;
};

/// Everything that is wrong with a collection, sorted by kind and first id; kinds as in `data audit --json`.
std::vector<Finding> audit(const Manifest& manifest,
                           const std::vector<ImageFacts>& facts,
                           const std::vector<SplitRow>* split = nullptr);

Json audit_json(const Manifest& manifest, const std::vector<Finding>& findings);
std::string audit_html(const Manifest& manifest, const std::vector<Finding>& findings);

}  // namespace evenray
