// SPDX-License-Identifier: Apache-2.0
#include "augment/operation.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "augment/geometry.hpp"
#include "augment/tone.hpp"
#include "core/error.hpp"

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

/// Like a shear of the published code of detection policies, whose positions are the numbers of
/// pixels: it leaves the centre of the first pixel where it is, not the corner.
Affine about_first_pixel(Affine map) {
  map.c -= map.b / 2;
  map.f -= map.d / 2;
  return map;
}

Affine map_of(const Operation& operation, cv::Size size, Sampling sampling) {
  const double value = operation.value;
  const double shift = sampling == Sampling::radiograph ? value : std::trunc(value);
  const bool by_pixels = sampling == Sampling::detection;
  switch (operation.op) {
    case Op::shear_x:
      return by_pixels ? about_first_pixel(shear_x_map(value)) : shear_x_map(value);
    case Op::shear_y:
      return by_pixels ? about_first_pixel(shear_y_map(value)) : shear_y_map(value);
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
    case Op::solarize_add:
      curve.solarize_add(operation.value);
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

/// Whether the operation moves the pixels of the whole image.
bool moves_all(const Operation& operation) {
  return operation_info(operation.op).kind == OpKind::geometric && !operation.area;
}

/// Geometric operations that one resampling does together.
struct Warp {
  Affine map;
  size_t end;  ///< index of the operation after the last one
};

/// Requires that operation i moves all pixels.
Warp warp_at(const std::vector<Operation>& operations, size_t i, Sampling sampling, cv::Size size) {
  Warp warp{map_of(operations[i], size, sampling), i + 1};
  while (sampling == Sampling::radiograph && warp.end < operations.size() &&
         moves_all(operations[warp.end]))
    warp.map = compose(warp.map, map_of(operations[warp.end++], size, sampling));
  return warp;
}

/// What areas are filled with that show nothing of the image.
int fill_of(const cv::Mat& image, Sampling sampling) {
  constexpr int kGrey = 128, kU16Step = 257;
  if (sampling == Sampling::radiograph) return border_median(image);
  if (sampling == Sampling::torchvision) return 0;
  return image.depth() == CV_16U ? kGrey * kU16Step : kGrey;
}

/// Changes the image in place.
void change_area(cv::Mat& image, Operation operation, Sampling sampling, const Rng& rng) {
  const cv::Rect area = *operation.area & cv::Rect({}, image.size());
  if (area.empty()) return;
  if (operation.op == Op::cutout) {
    image(area).setTo(fill_of(image, sampling));
    return;
  }
  operation.area.reset();
  // A copy, because OpenCV's filters see the surroundings of a part of an image.
  const cv::Mat part = image(area).clone();
  apply_operations(part, {}, {operation}, sampling, rng).image.copyTo(image(area));
}

}  // namespace

Augmented apply_operations(const cv::Mat& image,
                           const std::vector<Box>& boxes,
                           const std::vector<Operation>& operations,
                           Sampling sampling,
                           const Rng& rng) {
  if (image.type() != CV_8UC1 && image.type() != CV_16UC1)
    throw Error(Exit::failed, "cannot augment: the image must have one channel of 8 or 16 bits");
  const auto is_curve = [&](size_t i) {
    return operation_info(operations[i].op).kind == OpKind::point && !operations[i].area;
  };

  Augmented out{image, {}, 0};
  for (size_t i = 0; i < operations.size();) {
    if (moves_all(operations[i])) {
      const Warp warp = warp_at(operations, i, sampling, image.size());
      // The fill value is taken after the previous operations, which may have changed the border.
      const int fill = fill_of(out.image, sampling);
      out.image = sampling == Sampling::radiograph ? warp_bilinear(out.image, warp.map, fill)
                                                   : warp_nearest(out.image, warp.map, fill);
      i = warp.end;
    } else if (is_curve(i)) {
      ToneCurve curve(out.image);
      for (; i < operations.size() && is_curve(i); ++i) add_to_curve(curve, operations[i]);
      out.image = curve.apply();
    } else {
      const Rng noise = rng.fork("noise", i);
      if (operations[i].area) {
        if (out.image.data == image.data) out.image = image.clone();
        change_area(out.image, operations[i], sampling, noise);
      } else if (operation_info(operations[i].op).kind == OpKind::filter) {
        out.image = filter(out.image, operations[i], noise);
      }
      ++i;
    }
  }
  out.boxes = move_boxes(boxes, operations, sampling, image.size(), out.boxes_dropped);
  // Without an effective operation the result still shares the caller's pixels.
  if (out.image.data == image.data) out.image = image.clone();
  return out;
}

std::vector<Box> move_boxes(const std::vector<Box>& boxes,
                            const std::vector<Operation>& operations,
                            Sampling sampling,
                            cv::Size size,
                            int& dropped) {
  if (std::none_of(operations.begin(), operations.end(), moves_all)) return boxes;
  MovingBoxes moving(boxes,
                     sampling == Sampling::detection ? BoxRule::corner_hull : BoxRule::visible);
  for (size_t i = 0; i < operations.size();) {
    if (!moves_all(operations[i])) {
      ++i;
      continue;
    }
    const Warp warp = warp_at(operations, i, sampling, size);
    moving.move(warp.map, size);
    i = warp.end;
  }
  return moving.finish(dropped);
}

}  // namespace evenray
