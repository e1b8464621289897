// SPDX-License-Identifier: Apache-2.0
#pragma once
// Masks of objects as run lengths, as COCO stores them. They are compared without bitmaps.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

struct PixelBox;

/// The pixels of an object in an image of height x width.
class Mask {
 public:
  /// `runs`: lengths of background and object in turn, the first of background, going down the
  /// columns from left to right; they may be 0. Throws 65 if their sum is not height * width, or
  /// for a side that is not from 1 to 65535.
  Mask(int64_t height, int64_t width, std::vector<uint32_t> runs);

  /// Reads COCO's compressed text of run lengths. Throws 65 also for other text.
  static Mask compressed(int64_t height, int64_t width, std::string_view text);

  /// `pixels`: [height * width], row by row; those that are not 0 are in the mask. Throws 1 for
  /// another number of them.
  static Mask of_pixels(int64_t height, int64_t width, std::span<const uint8_t> pixels);

  /// Draws a polygon, [x0, y0, x1, y1, ...] in pixels, as pycocotools does: its outline is rounded
  /// to fifths of a pixel, and a pixel is inside if its centre is. Throws 65 for fewer than 3
  /// points, an odd length, a number that is not finite, a point that is more than the size of the
  /// image outside it, and an outline of more than 3 million pixels.
  static Mask polygon(int64_t height, int64_t width, std::span<const double> numbers);

  /// Returns the pixels that are in one of two masks. Both must have the same height and width.
  Mask united(const Mask& other) const;

  /// Returns COCO's compressed text, see compressed().
  std::string text() const;
  /// Returns 1 for pixels in the mask and 0 for the others, row by row.
  std::vector<uint8_t> pixels() const;

  /// Number of pixels.
  uint64_t area() const { return area_; }
  /// The smallest box around the pixels; empty at 0, 0 without any.
  PixelBox box() const;
  const std::vector<uint32_t>& runs() const { return runs_; }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

 private:
  int64_t height_, width_;
  std::vector<uint32_t> runs_;
  uint64_t area_ = 0;
};

/// Returns the intersection divided by the union; with `crowd`, divided by the area of `found`. 0
/// if they share no pixel.
double overlap(const Mask& found, const Mask& truth, bool crowd = false);

}  // namespace evenray
