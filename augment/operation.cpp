// SPDX-License-Identifier: Apache-2.0
#include "augment/operation.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "augment/geometry.hpp"
#include "augment/tone.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

cv::Mat add_noise(const cv::Mat& image, double sigma, Rng rng) {
  cv::Mat out(image.size(), image.type());
  const bool wide = image.depth() == CV_16U;
  const double max = wide ? 65535 : 255;
  const double scaled = sigma * max / 255;
  const auto noisy = [&](int v) {
    return std::clamp(std::floor(v + scaled * rng.normal() + .5), 0., max);
  };
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      if (wide) {
        out.at<uint16_t>(y, x) = static_cast<uint16_t>(noisy(image.at<uint16_t>(y, x)));
      } else {
        out.at<uint8_t>(y, x) = static_cast<uint8_t>(noisy(image.at<uint8_t>(y, x)));
      }
    }
  }
  return out;
}

Affine map_of(const Operation& operation, cv::Size size, Sampling sampling) {
  const double value = operation.value;
  const double shift = sampling == Sampling::torchvision ? std::trunc(value) : value;
  switch (operation.op) {
    case Op::shear_x:
      return shear_x_map(value);
    case Op::shear_y:
      return shear_y_map(value);
    case Op::translate_x:
      return translate_map(shift, 0);
    case Op::translate_y:
      return translate_map(0, shift);
    case Op::rotate:
      return rotate_map(value, size);
    case Op::scale:
      return scale_map(value, size);
    case Op::hflip:
      return flip_map(size);
    default:
      return {};
  }
}

void add_to_curve(ToneCurve& curve, const Operation& operation) {
  switch (operation.op) {
    case Op::brightness:
      curve.brightness(operation.value);
      break;
    case Op::contrast:
      curve.contrast(operation.value);
      break;
    case Op::posterize:
      curve.posterize(static_cast<int>(operation.value));
      break;
    case Op::solarize:
      curve.solarize(operation.value);
      break;
    case Op::auto_contrast:
      curve.auto_contrast();
      break;
    case Op::equalize:
      curve.equalize();
      break;
    case Op::invert:
      curve.invert();
      break;
    case Op::gamma:
      curve.gamma(operation.value);
      break;
    default:
      break;
  }
}

cv::Mat filter(const cv::Mat& image, const Operation& operation, const Rng& rng) {
  if (operation.op == Op::sharpness) return sharpen(image, operation.value);
  if (operation.op == Op::noise) return add_noise(image, operation.value, rng);
  if (operation.value <= 0) return image;
  cv::Mat out;
  cv::GaussianBlur(image, out, {}, operation.value, operation.value, cv::BORDER_REPLICATE);
  return out;
}

}  // namespace

const std::vector<OpInfo>& operation_table() {
  static const std::vector<OpInfo> table = {
      {Op::shear_x,
       "ShearX",
       OpKind::geometric,
       true,
       -10,
       10,
       "tangent of the angle, about the upper left corner"},
      {Op::shear_y,
       "ShearY",
       OpKind::geometric,
       true,
       -10,
       10,
       "tangent of the angle, about the upper left corner"},
      {Op::translate_x,
       "TranslateX",
       OpKind::geometric,
       true,
       -65535,
       65535,
       "pixels to the right; torchvision sampling truncates to whole pixels"},
      {Op::translate_y,
       "TranslateY",
       OpKind::geometric,
       true,
       -65535,
       65535,
       "pixels down; torchvision sampling truncates to whole pixels"},
      {Op::rotate,
       "Rotate",
       OpKind::geometric,
       true,
       -360,
       360,
       "degrees anticlockwise about the centre"},
      {Op::brightness, "Brightness", OpKind::point, true, 0, 100, "factor, 1 changes nothing"},
      {Op::color, "Color", OpKind::none, true, 0, 100, "factor; no effect on grey images"},
      {Op::contrast,
       "Contrast",
       OpKind::point,
       true,
       0,
       100,
       "factor about the mean, 1 changes nothing"},
      {Op::sharpness,
       "Sharpness",
       OpKind::filter,
       true,
       0,
       100,
       "factor, 1 changes nothing, 0 smooths"},
      {Op::posterize, "Posterize", OpKind::point, true, 0, 8, "bits kept, 8 changes nothing"},
      {Op::solarize,
       "Solarize",
       OpKind::point,
       true,
       0,
       256,
       "lowest level (of 0..255) that is inverted"},
      {Op::auto_contrast,
       "AutoContrast",
       OpKind::point,
       false,
       0,
       0,
       "stretches the levels to the full range"},
      {Op::equalize, "Equalize", OpKind::point, false, 0, 0, "equalizes the histogram"},
      {Op::invert, "Invert", OpKind::point, false, 0, 0, "dark to bright"},
      {Op::scale,
       "Scale",
       OpKind::geometric,
       true,
       .05,
       20,
       "factor about the centre, above 1 enlarges"},
      {Op::gamma, "Gamma", OpKind::point, true, .05, 20, "exponent, above 1 darkens"},
      {Op::blur, "Blur", OpKind::filter, true, 0, 50, "sigma of a Gaussian in pixels"},
      {Op::noise,
       "Noise",
       OpKind::filter,
       true,
       0,
       255,
       "sigma of added normal noise in levels of 0..255"},
      {Op::hflip, "HFlip", OpKind::geometric, false, 0, 0, "left to right"},
  };
  return table;
}

const OpInfo& operation_info(Op op) { return operation_table().at(static_cast<size_t>(op)); }

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const OpInfo& info : operation_table()) names.emplace_back(info.name);
  return names;
}

Operation parse_operation(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string name = trim(text.substr(0, colon));
  const auto& table = operation_table();
  const auto info = std::find_if(
      table.begin(), table.end(), [&](const OpInfo& i) { return lower(i.name) == lower(name); });
  if (info == table.end())
    throw Error(Exit::usage, unknown_name("operation", name, operation_names()));
  if (!info->has_value) {
    if (colon != std::string_view::npos)
      throw Error(Exit::usage, cat("operation ", info->name, " takes no value"));
    return {info->op};
  }
  Operation operation{info->op};
  const std::string value = colon == std::string_view::npos ? "" : trim(text.substr(colon + 1));
  if (!parse_double(value, operation.value) ||
      !(operation.value >= info->low && operation.value <= info->high)) {
    throw Error(Exit::usage,
                cat("operation ",
                    info->name,
                    ": '",
                    value,
                    "' is not a number from ",
                    info->low,
                    " to ",
                    info->high,
                    " (",
                    info->meaning,
                    "); give a value as in ",
                    info->name,
                    ":",
                    info->low == 0 ? 1 : info->high / 10));
  }
  return operation;
}

std::vector<Operation> parse_operations(std::string_view text) {
  std::vector<Operation> operations;
  for (const std::string& part : split_text(text, ',')) operations.push_back(parse_operation(part));
  return operations;
}

std::string operations_text(const std::vector<Operation>& operations) {
  std::vector<std::string> parts;
  for (const Operation& operation : operations) {
    const OpInfo& info = operation_info(operation.op);
    parts.push_back(info.has_value ? cat(info.name, ":", exact(operation.value))
                                   : std::string(info.name));
  }
  return join(parts, ",");
}

Sampling parse_sampling(std::string_view name) {
  if (name == "torchvision") return Sampling::torchvision;
  if (name == "radiograph") return Sampling::radiograph;
  throw Error(Exit::usage, unknown_name("sampling", name, {"torchvision", "radiograph"}));
}

Augmented apply_operations(const cv::Mat& image,
                           const std::vector<Box>& boxes,
                           const std::vector<Operation>& operations,
                           Sampling sampling,
                           const Rng& rng) {
  if (image.type() != CV_8UC1 && image.type() != CV_16UC1)
    throw Error(Exit::failed, "cannot augment: the image must have one channel of 8 or 16 bits");
  const bool smooth = sampling == Sampling::radiograph;
  const auto kind = [&](size_t i) { return operation_info(operations[i].op).kind; };

  Augmented out{image, {}, 0};
  MovingBoxes moving(boxes);
  bool moved = false;
  for (size_t i = 0; i < operations.size();) {
    if (kind(i) == OpKind::geometric) {
      Affine map = map_of(operations[i++], image.size(), sampling);
      while (smooth && i < operations.size() && kind(i) == OpKind::geometric)
        map = compose(map, map_of(operations[i++], image.size(), sampling));
      // The fill value is taken after the previous operations, which may have changed the border.
      out.image = smooth ? warp_bilinear(out.image, map, border_median(out.image))
                         : warp_nearest(out.image, map, 0);
      moving.move(map, image.size());
      moved = true;
    } else if (kind(i) == OpKind::point) {
      ToneCurve curve(out.image);
      for (; i < operations.size() && kind(i) == OpKind::point; ++i)
        add_to_curve(curve, operations[i]);
      out.image = curve.apply();
    } else {
      if (kind(i) == OpKind::filter)
        out.image = filter(out.image, operations[i], rng.fork("noise", i));
      ++i;
    }
  }
  out.boxes = moved ? moving.finish(out.boxes_dropped) : boxes;
  // Without an effective operation the result still shares the caller's pixels.
  if (out.image.data == image.data) out.image = image.clone();
  return out;
}

}  // namespace evenray
