// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/copies/landmarks.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// What one decoding of an image measures. audit, split and pack share it, so that each image is
/// decoded only once.
struct ImageFacts {
  int width = 0, height = 0;  ///< of the upright image, px; 0 if unreadable
  int bits = 8;               ///< per pixel: 8 or 16
  int orientation = 1;        ///< EXIF orientation as stored
  bool readable = false;      ///< whether the pixels could be decoded
  bool truncated = false;     ///< the image data end early or are damaged
  bool blank = false;         ///< standard deviation at most 1 % of the brightest pixel
  std::string fault;          ///< why the image is unreadable
  std::string mode;           ///< as in DecodedImage; empty for drawn images
  cv::Mat thumbnail;          ///< 64x64 CV_8U, stretched over all 256 levels
  float mean = 0;             ///< of the pixels, 0..1 (16 bits: relative to the brightest pixel)
  float border = 0;           ///< mean of the outermost 32nd on each side, in the same unit
  float coloured = 0;         ///< share of the pixels that are not grey
  int pictures = 1;           ///< in the file, of which one was decoded
  /// As in DecodedImage: kind of finding and description.
  std::vector<std::pair<std::string, std::string>> losses;
  int grey_levels = 0;  ///< number of distinct values of an 8-bit image; 0 for 16 bits
  Landmarks landmarks;  ///< of reduced_picture(); none of a blank image
};

/// Decodes every image once on `threads` threads. Returns one entry per sample. An image that
/// cannot be decoded gets a `fault`. Throws Exit::bad_data if no image is readable, Exit::stopped
/// if the run is stopped.
std::vector<ImageFacts> scan_images(const Manifest& manifest, int threads);

}  // namespace evenray
