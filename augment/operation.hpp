// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Named operations on a single-channel image. The first fourteen mean what torchvision's functions
/// mean for a Pillow image of mode "L", to the last bit; the others are for radiographs. Where
/// torchvision's tensor path differs (AutoContrast and Contrast do not round as Pillow does,
/// nearest breaks ties the other way), Pillow's is the one that is matched.
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

enum class OpKind { geometric, point, filter, none };

/// One line of the table of operations.
struct OpInfo {
  Op op;
  std::string_view name;  ///< as torchvision spells it
  OpKind kind;
  bool has_value;
  double low, high;  ///< values that are accepted
  std::string_view meaning;
};
const std::vector<OpInfo>& operation_table();
const OpInfo& operation_info(Op op);
std::vector<std::string> operation_names();

/// An operation with its value: degrees, tangent, whole pixels, factor (1 changes nothing), bits
/// kept, threshold, ...
struct Operation {
  Op op;
  double value = 0;
};

/// "Rotate:15", "Equalize"; throws 2 for an unknown name (with the known ones), a missing value or
/// one out of range.
Operation parse_operation(std::string_view text);
/// "Rotate:15,Posterize:4".
std::vector<Operation> parse_operations(std::string_view text);
/// What parse_operations reads again to the last bit.
std::string operations_text(const std::vector<Operation>& operations);

/// How geometric operations sample.
enum class Sampling {
  torchvision,  ///< AutoAugment's defaults: nearest, empty areas 0, one operation after the other,
                ///< shifts cut to whole pixels
  radiograph,   ///< bilinear, empty areas as the image's border (its median), neighbouring
                ///< operations as one resampling
};
/// "torchvision" or "radiograph"; throws 2.
Sampling parse_sampling(std::string_view name);

struct Augmented {
  cv::Mat image;           ///< same size and depth
  std::vector<Box> boxes;  ///< moved, clipped; see MovingBoxes
  int boxes_dropped = 0;
};

/// Applies the operations in order to a CV_8UC1 or CV_16UC1 image; neighbouring point operations
/// share one look-up table. `rng` is used by Noise alone.
Augmented apply_operations(const cv::Mat& image,
                           const std::vector<Box>& boxes,
                           const std::vector<Operation>& operations,
                           Sampling sampling,
                           const Rng& rng);

}  // namespace evenray
