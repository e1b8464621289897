// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "dataset/image/image.hpp"

namespace evenray {

// The codecs behind decode_image_bytes() in dataset/files, which most code calls instead.

/// Images with more pixels are refused from their header, before memory is allocated.
inline constexpr uint64_t kMaxPixels = uint64_t{256} << 20;

/// Lowers this limit for the whole process, for one that reads files of strangers.
void limit_pixels(uint64_t most);
/// Returns the fault of an image size: empty, or above the limit. Returns "" if the size is fine.
std::string size_fault(uint64_t width, uint64_t height);

/// Waits until there is memory for the picture, before its pixels are made; it is free again when
/// the image is gone. Pictures of up to 16 Mpx do not wait. `samples`: bytes of a pixel while it is
/// decoded; `more`: bytes beside the pixels.
void claim_memory(DecodedImage& image, int samples, uint64_t more = 0);

/// Returns a share as per cent of at least one digit that is not 0: "12.0 %", "0.003 %".
std::string share_text(float share);

/// Whether `bytes` begin like a file of that format. is_tiff() accepts classic TIFF and BigTIFF of
/// either byte order; a DICOM file may begin the same way (PS3.10, 7.1), so call is_dicom() first.
bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);
bool is_tiff(std::string_view bytes);

/// Decode a whole file. The pixels, width and height are as stored: `orientation` is read but not
/// applied. `mode` is filled unless it follows from the depth of the pixels. `min_side_px` and
/// `measure_colour`: see decode_image().
/// `claims`: false if the caller has claimed the memory, since nobody may claim twice.
DecodedImage decode_jpeg(std::string_view bytes,
                         int min_side_px,
                         bool measure_colour,
                         bool claims = true);
DecodedImage decode_png(std::string_view bytes);

/// Returns width and height of the upright image from the first bytes of a file; nullopt if they do
/// not contain them.
std::optional<cv::Size> jpeg_size(std::string_view head);

/// Decodes the first picture of a TIFF file, given the whole file: grey or RGB of 8 or 16 bits, in
/// strips or tiles, and whatever else libtiff can convert to 8-bit RGBA, such as palettes, 1 bit or
/// YCbCr.
DecodedImage decode_tiff(std::string_view bytes);
/// Returns width and height of the upright first picture, given the whole file; nullopt if
/// decode_tiff() would refuse it.
std::optional<cv::Size> tiff_size(std::string_view bytes);
/// Returns the bits per sample of the image that decode_tiff() returns.
int tiff_bits(std::string_view bytes);

}  // namespace evenray
