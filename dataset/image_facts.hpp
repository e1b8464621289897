// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

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

}  // namespace evenray
