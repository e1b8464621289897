// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>

namespace evenray {

/// What a file gave. A file that cannot be read is no exception but a fault.
struct DecodedImage {
  cv::Mat pixels;  ///< CV_8UC1 or CV_16UC1, upright (EXIF orientation applied); empty if unreadable
  int width =
      0;  ///< of the whole upright image: larger than `pixels` where that was decoded scaled
  int height = 0;
  int orientation = 1;  ///< EXIF orientation as stored
  std::string mode;     ///< as stored, in Pillow's words: 1, L, LA, P, I;16, RGB, RGBA, RGB;16, ...
  float coloured = 0;   ///< share of the pixels that are no grey, where it was asked for
  bool truncated = false;  ///< coded data ended early or is damaged: pixels are partly invented
  std::string fault;       ///< why there are no pixels
};

/// Larger image files are not read: 256 Mpx of 16 bits, uncompressed.
inline constexpr uint64_t kMaxImageFileBytes = uint64_t{512} << 20;

/// The value that 16-bit images mean by white, of their brightest pixels' values, or-ed or the
/// largest: rounded up to a full number of bits (255, 1023, 4095, ..., 65535), since detectors
/// often fill 10 or 12 of 16.
int white_of(unsigned brightest);

/// As 8 or 16 bits a pixel; white stays white: 255 of 8 bits, 65535 of 16, `white16` of a 16-bit
/// image that comes in. May share the image's memory.
cv::Mat with_bits(const cv::Mat& image, int64_t bits, int white16);

enum class Fit { pad, stretch, crop };
Fit parse_fit(const std::string& name);  ///< throws 78

/// store pixel = source pixel * scale + offset, for x and y.
struct Placement {
  float scale_x = 1, scale_y = 1, offset_x = 0, offset_y = 0;
};

/// Resizes to height x width: `pad` keeps the aspect and fills with the median of the image's
/// border, `stretch` does not, `crop` cuts the longer side about its middle. Area averaging down,
/// bicubic up. The result may share the image's memory.
cv::Mat fit_image(const cv::Mat& image, int height, int width, Fit fit, Placement& placement);

/// Grey PNG, 8 or 16 bit, of a single-channel image; or RGB of a CV_8UC3 one (BGR order, as OpenCV
/// has it).
std::string encode_png(const cv::Mat& image, int level = 6);

}  // namespace evenray
