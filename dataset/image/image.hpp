// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/memory.hpp"

namespace evenray {

// Images in memory: image.hpp has the types and operations, codecs.hpp the file formats, area.hpp
// the shrinking, sheet.hpp contact sheets.

/// The result of decoding a file. If the content cannot be decoded, `fault` is set; nothing is
/// thrown.
struct DecodedImage {
  cv::Mat pixels;  ///< CV_8UC1 or CV_16UC1, upright (EXIF orientation applied); empty if unreadable
  /// Size in px of the whole upright image; larger than `pixels` if that was decoded scaled.
  int width = 0;
  int height = 0;
  int orientation = 1;  ///< EXIF orientation as stored
  std::string mode;     ///< as stored, in Pillow's terms: 1, L, LA, P, I;16, RGB, RGBA, RGB;16, ...
  float coloured = 0;   ///< share of pixels that are not grey; 0 unless it was measured
  /// Pictures in the file: frames of DICOM or of an animated PNG, pages of TIFF (without thumbnails
  /// and masks). Only one of them is in `pixels`.
  int pictures = 1;
  /// What of the picture is not in `pixels`: the kind of audit finding, and a description.
  std::vector<std::pair<std::string, std::string>> losses;
  bool truncated = false;  ///< the coded data ended early or is damaged: some pixels are filled in
  std::string fault;       ///< why there are no pixels; empty if there are
  std::shared_ptr<PictureMemory> memory;  ///< of a large picture, see claim_memory()

  /// Returns why the image is left out of stores: its fault, or that it is truncated; empty if
  /// nothing is wrong with it.
  std::string defect() const;
};
/// What `truncated` means, for messages.
inline constexpr const char* kTruncatedText =
    "the image data end early; the decoder filled in the rest";

/// Larger image files are not read; this is the size of 256 Mpx of 16 bits, uncompressed.
inline constexpr uint64_t kMaxImageFileBytes = uint64_t{512} << 20;

/// Returns the value of white in a set of 16-bit images. `brightest` is the largest
/// pixel value of the set, or the bitwise OR of its values. The result is `brightest` rounded up to
/// a full number of bits, at least 8 (255, ..., 1023, 4095, ..., 65535), since detectors often fill
/// 10 or 12 of 16 bits.
int white_of(unsigned brightest);

/// Converts an image to 8 or 16 bits per pixel. White stays white: it is `white16` in a 16-bit
/// input, 255 in 8 bits, 65535 in a 16-bit result. The result may share the image's memory.
cv::Mat with_bits(const cv::Mat& image, int64_t bits, int white16);

/// How fit_image() handles an image of another aspect ratio.
enum class Fit { pad, stretch, crop };
/// Throws 78 for an unknown name.
Fit parse_fit(const std::string& name);

/// The position of a source pixel in a store: store pixel = source pixel * scale + offset, for x
/// and y.
struct Placement {
  float scale_x = 1, scale_y = 1, offset_x = 0, offset_y = 0;
};

/// Resizes a CV_8UC1 or CV_16UC1 image to height x width and sets `placement`. `pad` keeps the
/// aspect ratio and fills the rest with the median of the image's border, `stretch` changes the
/// aspect ratio, `crop` cuts the longer side on both ends. A side shrinks by area averaging and
/// grows by bicubic interpolation. The result may share the image's memory.
cv::Mat fit_image(const cv::Mat& image, int height, int width, Fit fit, Placement& placement);

/// Returns how much fit_image() enlarges a side of an image of this size: the geometric mean of
/// both directions.
double fit_scale(int image_height, int image_width, int height, int width, Fit fit);

/// Returns the bytes of a PNG file: grey with 8 or 16 bits for a single-channel image, RGB for a
/// CV_8UC3 image in OpenCV's BGR order. `level`: zlib's compression level.
std::string encode_png(const cv::Mat& image, int level = 6);

}  // namespace evenray
