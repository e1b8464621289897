// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/files.hpp"
#include "dataset/image/image.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

// Image files of any format: image_file.hpp reads one file, image_folder.hpp lists the files of a
// folder.

/// Returns the bits per sample of a PNG or TIFF file; 16 for a DICOM file that stores more than 8,
/// since decode_image() scales those to 16; 8 for all other files, including unreadable ones.
int stored_bits(const Path& file);

/// Returns the frames of a DICOM file, by its header; 1 for other files, and for a header that
/// states more frames than can be in the file. Throws 65, 66 or 74 if the file cannot be read.
int frames_in(const Path& file);

/// Returns width and height of the upright image from the file's header; nullopt if it is not a
/// readable image. Throws 66 if the file cannot be opened.
std::optional<cv::Size> upright_size(const Path& file);

/// Decodes a PNG, JPEG, TIFF (its first picture) or DICOM file (decode_dicom() with
/// Voi::automatic); the format is found from the content. Colour becomes grey (JPEG: luma),
/// transparency is dropped. Images above 256 Mpx are refused before memory is allocated. Throws
/// only if the file itself cannot be read (66, 74) or is too large (65). If min_side_px > 0, a JPEG
/// may be decoded scaled by k/8 as long as both sides stay at least that long. `measure_colour`:
/// also fills `coloured` for a JPEG, which then has to decode its chroma.
DecodedImage decode_image(const Path& file, int min_side_px = 0, bool measure_colour = false);
/// The same for the bytes of a file; throws nothing that comes from reading it. `frame`: which
/// frame of a DICOM file, from 0.
DecodedImage decode_image_bytes(std::string_view bytes,
                                int min_side_px = 0,
                                bool measure_colour = false,
                                int frame = 0);
/// Decodes the image of a sample: draws it, or decodes its frame of its file as decode_image().
DecodedImage decode_sample(const Sample& sample, bool measure_colour = false);

/// Returns the pixels of a file that must be complete. Throws as decode_image(), and 65 if the file
/// is truncated or not an image (DecodedImage::defect()).
cv::Mat read_whole_image(const Path& file, int min_side_px = 0);

/// Whether a file's extension matches its content. True if it has no image format's extension, or
/// if the first bytes are not of a known format. `holds`: the format of the content (PNG, JPEG,
/// TIFF, DICOM), or "".
bool extension_matches(const Path& file, std::string& holds);

}  // namespace evenray
