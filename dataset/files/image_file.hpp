// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/files.hpp"
#include "dataset/image/image.hpp"

namespace evenray {

/// Bits a sample of a PNG or TIFF; 16 for a DICOM file that stores more than 8, of
/// which decode_image makes 16 full ones; 8 for all other files, also unreadable ones.
int stored_bits(const Path& file);

/// Width and height of the upright image by the file's header; nullopt where it is no readable
/// image. Throws 66.
std::optional<cv::Size> upright_size(const Path& file);

/// PNG, JPEG, TIFF (its first picture) and DICOM (decode_dicom() with Voi::automatic) by content.
/// Colour becomes grey (JPEG: luma), transparency is dropped. Refuses above 256 Mpx before
/// allocating. Throws only where the file itself cannot be read (66, 74) or is too large (65).
/// min_side_px > 0: a JPEG may be decoded scaled by k/8 as long as both its sides stay at least
/// that long. `measure_colour`: fills `coloured`, which costs a colour JPEG's chroma.
DecodedImage decode_image(const Path& file, int min_side_px = 0, bool measure_colour = false);
DecodedImage decode_image_bytes(std::string_view bytes,
                                int min_side_px = 0,
                                bool measure_colour = false);

/// The pixels of a file that must be whole: throws 65 also where it is truncated or no image.
cv::Mat read_whole_image(const Path& file, int min_side_px = 0);

/// Whether a file's ending belongs to what its first bytes say that it is; true where it has none,
/// or they say nothing. `holds`: what they say (PNG, JPEG, TIFF, DICOM).
bool ending_fits(const Path& file, std::string& holds);

}  // namespace evenray
