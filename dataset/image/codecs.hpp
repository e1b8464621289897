// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "dataset/image/image.hpp"

namespace evenray {

/// Larger images are refused from their header, before memory is taken for them.
inline constexpr uint64_t kMaxPixels = uint64_t{256} << 20;

/// nullopt-like fault text for a size that is empty or above kMaxPixels; "" where it is fine.
std::string size_fault(uint64_t width, uint64_t height);

/// The share of pixels whose red, green and blue (8 or 16 bits, then perhaps alpha) lie further
/// apart than what coding does to grey.
float coloured_share(const cv::Mat& rgb);

/// Whether bytes begin as a file of that format does. is_tiff(): classic and BigTIFF, of either
/// byte order; a DICOM file may begin alike (PS3.10, 7.1), so ask is_dicom() first.
bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);
bool is_tiff(std::string_view bytes);

/// The codecs behind decode_image_bytes: pixels as stored, with `orientation` read but not applied.
/// They fill width and height as stored, and mode where it is not told by the pixels' bits.
DecodedImage decode_jpeg(std::string_view bytes, int min_side_px, bool look_for_colour);
DecodedImage decode_png(std::string_view bytes);

/// Width and height of the upright image, from the first bytes of a file; nullopt where they do not
/// tell.
std::optional<cv::Size> jpeg_size(std::string_view head);

/// The first picture of a TIFF file (grey or RGB of 8 or 16 bits, in strips or tiles; what else
/// libtiff can turn into 8-bit RGBA, as palettes, 1 bit or YCbCr), and its size, from the whole
/// file.
DecodedImage decode_tiff(std::string_view bytes);
std::optional<cv::Size> tiff_size(std::string_view bytes);
/// Bits a sample that decode_tiff gives.
int tiff_bits(std::string_view bytes);

}  // namespace evenray
