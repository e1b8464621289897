// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Operations on a single-channel image. The first fourteen are bit-identical to torchvision's
/// functions on a Pillow image of mode "L"; the next five are for radiographs; the last two are of
/// AutoAugment's policies for object detection (Zoph et al. 2020). Where torchvision's
/// tensor path differs (AutoContrast and Contrast round differently, nearest breaks ties the other
/// way), these operations match Pillow.
enum class Op {
  shear_x,
  shear_y,
  translate_x,
  translate_y,
  rotate,
  brightness,
  color,
  contrast,
  sharpness,
  posterize,
  solarize,
  auto_contrast,
  equalize,
  invert,
  scale,
  gamma,
  blur,
  noise,
  hflip,
  solarize_add,
  cutout,
};

enum class OpKind {
  geometric,  ///< moves pixels
  point,      ///< maps each grey value on its own
  filter,     ///< uses neighbouring pixels or random noise
  area,       ///< fills an area; does nothing without one (see Operation::area)
  none,       ///< no effect on a single-channel image
};

/// One row of the table of operations.
struct OpInfo {
  Op op;
  std::string_view name;  ///< torchvision's spelling
  OpKind kind;
  bool has_value;            ///< takes a value, as in "Rotate:15"
  double low, high;          ///< accepted range of the value
  std::string_view meaning;  ///< of the value, with its unit; without a value: what it does
};
/// All operations, in the order of Op.
const std::vector<OpInfo>& operation_table();
/// Returns the row of one operation.
const OpInfo& operation_info(Op op);
/// Returns the names of all operations, in the order of Op.
std::vector<std::string> operation_names();

/// An operation and its value (degrees, tangent, pixels, factor, bits, threshold, ...; see
/// OpInfo::meaning).
struct Operation {
  Op op;
  double value = 0;
  /// If set, the operation changes only these pixels, as if they were an image of their own: a
  /// geometric operation moves them inside the area and fills what gets empty there; boxes and
  /// polygons stay. In a text the area follows the name as "@X0-Y0-X1-Y1", edges in whole pixels,
  /// (X1, Y1) being the far edge: "TranslateY@10-20-40-50:12". What is outside the image is
  /// ignored. Such operations replay without the boxes they were drawn for.
  std::optional<cv::Rect> area{};
};

/// Parses "Rotate:15", "Equalize", "Equalize@10-20-40-50" or "Cutout@10-20-40-50". Throws 2 for an
/// unknown name (with the known names), a missing value, a value out of range, a value that the
/// operation does not take, or a missing or wrong area.
Operation parse_operation(std::string_view text);
/// Parses a list such as "Rotate:15,Posterize:4". Throws as parse_operation().
std::vector<Operation> parse_operations(std::string_view text);
/// Returns a text that parse_operations() reads back to exactly the same values.
std::string operations_text(const std::vector<Operation>& operations);

/// How geometric operations resample the image, what Cutout fills with, and how boxes follow.
enum class Sampling {
  torchvision,  ///< AutoAugment's defaults: nearest neighbour, empty areas 0, one resampling per
                ///< operation, shifts truncated to whole pixels
  radiograph,  ///< bilinear, empty areas filled with the median of the image border, one resampling
               ///< for consecutive operations
  detection,   ///< as torchvision, but as published by Zoph et al. 2020: empty areas 128 (of 255),
               ///< shears about the centre of the first pixel, BoxRule::corner_hull. Moved pixels
               ///< are those of the published code, except where a position is exactly between two
};
/// Returns "torchvision", "radiograph" or "detection".
std::string_view sampling_name(Sampling sampling);
/// Parses such a name; throws 2 for another one.
Sampling parse_sampling(std::string_view name);

struct Augmented {
  cv::Mat image;           ///< same size and depth as the input
  std::vector<Box> boxes;  ///< moved and clipped; see MovingBoxes
  int boxes_dropped = 0;   ///< boxes that left the image
};

/// Applies the operations in order to a CV_8UC1 or CV_16UC1 image; throws 1 for another type.
/// Consecutive point operations share one lookup table. `rng` is used only by Noise. Cutout fills
/// with what geometric operations fill empty areas with.
Augmented apply_operations(const cv::Mat& image,
                           const std::vector<Box>& boxes,
                           const std::vector<Operation>& operations,
                           Sampling sampling,
                           const Rng& rng);

/// Returns what apply_operations() makes of the boxes of an image of this size. Adds the number of
/// boxes that left it to `dropped`.
std::vector<Box> move_boxes(const std::vector<Box>& boxes,
                            const std::vector<Operation>& operations,
                            Sampling sampling,
                            cv::Size size,
                            int& dropped);

}  // namespace evenray
