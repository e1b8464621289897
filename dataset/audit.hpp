// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "core/json.hpp"
#include "dataset/image.hpp"
#include "dataset/sample.hpp"

namespace evenray {

/// What one look at the pixels of every image tells; audit, split and pack share it so that nothing
/// is decoded twice.
struct ImageFacts {
  int width = 0, height = 0, bits = 8, orientation = 1;
  bool readable = false, truncated = false, blank = false;
  std::string fault;
  std::string mode;     ///< as DecodedImage has it; of drawn images empty
  cv::Mat thumbnail;    ///< 64x64 CV_8U, stretched over all 256 levels
  float mean = 0;       ///< of the pixels, 0..1 (of 16 bits: as a share of the image's brightest)
  float border = 0;     ///< the same of the outermost 32nd on each side
  float coloured = 0;   ///< share of the pixels that are no grey
  int grey_levels = 0;  ///< distinct ones, of 8 bits; 0 of 16
};

/// Decodes every image once on `threads` threads. Throws 65 where none is readable, 75 when
/// stopped.
std::vector<ImageFacts> scan_images(const Manifest& manifest, int threads);

/// The correlation of two thumbnails (Pearson's).
double thumbnail_correlation(const cv::Mat& a, const cv::Mat& b);

/// Groups (two or more rows each) of one picture: correlation of the thumbnails above .98, linked.
/// No pair is missed: a perceptual hash as a first sieve misses some (of FracAtlas one whose hashes
/// differ in 12 bits). Truncated images take part, so that a damaged copy under another label is
/// found; blank and unreadable ones do not.
std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts);

/// Whether a box leaves an image of this size by more than half a pixel, or has no area.
bool box_outside(const Box& box, int width, int height);

/// One row of a split table for the leak checks.
struct SplitRow {
  std::string id, path, group, split, fold, fault;
  bool fault_known = true;  ///< false where the table has no fault column
};

/// Everything that is wrong with a collection, sorted by kind and first id; kinds as in `data audit
/// --json`.
std::vector<Finding> audit(const Manifest& manifest,
                           const std::vector<ImageFacts>& facts,
                           const std::vector<SplitRow>* split = nullptr);

Json audit_json(const Manifest& manifest, const std::vector<Finding>& findings);
/// What a kind of finding means and what follows from it, in plain words; "" for an unknown one.
std::string finding_meaning(const std::string& kind);
std::string audit_html(const Manifest& manifest, const std::vector<Finding>& findings);

}  // namespace evenray
