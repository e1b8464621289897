// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Operations on a single-channel image. The first fourteen are bit-identical to torchvision's
/// functions on a Pillow image of mode "L"; the others are for radiographs. Where torchvision's
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
};

enum class OpKind {
  geometric,  ///< moves pixels
  point,      ///< maps each grey value on its own
  filter,     ///< uses neighbouring pixels or random noise
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
};

/// Parses "Rotate:15" or "Equalize". Throws 2 for an unknown name (with the known names), a missing
/// value, a value out of range, or a value that the operation does not take.
Operation parse_operation(std::string_view text);
/// Parses a list such as "Rotate:15,Posterize:4". Throws as parse_operation().
std::vector<Operation> parse_operations(std::string_view text);
/// Returns a text that parse_operations() reads back to exactly the same values.
std::string operations_text(const std::vector<Operation>& operations);

/// How geometric operations resample the image.
enum class Sampling {
  torchvision,  ///< AutoAugment's defaults: nearest neighbour, empty areas 0, one resampling per
                ///< operation, shifts truncated to whole pixels
  radiograph,  ///< bilinear, empty areas filled with the median of the image border, one resampling
               ///< for consecutive operations
};
/// Parses "torchvision" or "radiograph"; throws 2 for another name.
Sampling parse_sampling(std::string_view name);

struct Augmented {
  cv::Mat image;           ///< same size and depth as the input
  std::vector<Box> boxes;  ///< moved and clipped; see MovingBoxes
  int boxes_dropped = 0;   ///< boxes that left the image
};

/// Applies the operations in order to a CV_8UC1 or CV_16UC1 image; throws 1 for another type.
/// Consecutive point operations share one lookup table. `rng` is used only by Noise.
Augmented apply_operations(const cv::Mat& image,
                           const std::vector<Box>& boxes,
                           const std::vector<Operation>& operations,
                           Sampling sampling,
                           const Rng& rng);

}  // namespace evenray
