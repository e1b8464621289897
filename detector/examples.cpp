// SPDX-License-Identifier: Apache-2.0
#include "detector/examples.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "augment/geometry.hpp"
#include "augment/pipeline.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/loader.hpp"
#include "rcnn/object_mask.hpp"

namespace evenray {
namespace {

/// Minibatches that are read before they are used.
constexpr int64_t kReadAhead = 3;

/// Returns how often each image occurs in an epoch, before rounding: by its rarest class, as a
/// share of `all` images.
std::vector<double> repeat_factors(const BoxedImages& images,
                                   const std::vector<int64_t>& with_boxes,
                                   int classes,
                                   int64_t all,
                                   double threshold) {
  std::vector<double> images_of(static_cast<size_t>(classes));
  const auto classes_of = [&](int64_t i) {
    std::vector<uint8_t> has(images_of.size());
    for (const Box& box : images.boxes(i)) has[static_cast<size_t>(box.label)] = 1;
    return has;
  };
  for (const int64_t i : with_boxes) {
    const auto has = classes_of(i);
    for (size_t c = 0; c < has.size(); ++c) images_of[c] += has[c];
  }
  std::vector<double> factors;
  for (const int64_t i : with_boxes) {
    double factor = 1;
    const auto has = classes_of(i);
    for (size_t c = 0; c < has.size(); ++c)
      if (has[c])
        factor = std::max(factor, std::sqrt(threshold * static_cast<double>(all) / images_of[c]));
    factors.push_back(factor);
  }
  return factors;
}

}  // namespace

BoxedImages::BoxedImages(const Store& store, const std::string& part, double resident_bytes) {
  const StorePart& all = store.part(part);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < all.size(); ++row) {
    const auto r = static_cast<size_t>(row);
    if (!all.boxes_known[r]) continue;
    rows.push_back(row);
    boxes_.push_back(all.boxes[r]);
  }
  unknown_ = all.size() - size();
  const StoreInfo& info = store.info();
  const double bytes = static_cast<double>(size()) * info.height * info.width * (info.bits / 8);
  if (bytes <= resident_bytes)
    for (const int64_t row : rows) images_.push_back(store.image(part, row));
  else
    read_ = [&store, part, rows](int64_t i) {
      return store.image(part, rows[static_cast<size_t>(i)]);
    };
}

BoxedImages::BoxedImages(std::vector<BoxedImage> images) {
  for (auto& one : images) {
    images_.push_back(std::move(one.image));
    boxes_.push_back(std::move(one.boxes));
  }
}

cv::Mat BoxedImages::image(int64_t i) const {
  return read_ ? read_(i) : images_[static_cast<size_t>(i)];
}

BoxedImage augmented(const BoxedImage& one, const DetectOptions& options, int value_max, Rng rng) {
  BoxedImage out = one;
  if (options.policy != "none") {
    auto changed =
        apply_policy(find_policy(options.policy), one.image, one.boxes, rng.fork("policy"));
    out = {changed.augmented.image, changed.augmented.boxes};
  }
  const cv::Size size = out.image.size();
  Affine map;
  if (options.mirror && rng.chance(.5)) map = compose(map, flip_map(size));
  map = compose(map, rotate_map(rng.uniform(-options.rotate_deg, options.rotate_deg), size));
  map = compose(map, scale_map(rng.uniform(1 - options.scale, 1 + options.scale), size));
  map = compose(map,
                translate_map(rng.uniform(-options.shift, options.shift) * size.width,
                              rng.uniform(-options.shift, options.shift) * size.height));
  MovingBoxes moving(out.boxes);
  moving.move(map, size);
  int dropped = 0;
  out = {warp_bilinear(out.image, map, border_median(out.image)), moving.finish(dropped)};
  const double contrast = 1 + rng.uniform(-options.intensity, options.intensity);
  const double brightness = rng.uniform(-options.intensity, options.intensity) * value_max;
  // The middle grey stays where it is.
  out.image.convertTo(
      out.image, out.image.type(), contrast, brightness + (1 - contrast) * value_max / 2.);
  return out;
}

BoxedImage mosaic_of(const std::array<BoxedImage, 4>& images, Rng rng) {
  const cv::Size size = images[0].image.size();
  const auto drawn = [&](int side) {
    return side / 4 + static_cast<int>(rng.below(static_cast<uint64_t>(side / 2 + 1)));
  };
  const int x = drawn(size.width), y = drawn(size.height);
  BoxedImage out{cv::Mat(size, images[0].image.type()), {}};
  for (size_t i = 0; i < images.size(); ++i) {
    // The quarters left above, right above, left below and right below the point show the opposite
    // corners of their images.
    const bool right = i % 2 == 1, below = i / 2 == 1;
    const cv::Rect quarter(
        right ? x : 0, below ? y : 0, right ? size.width - x : x, below ? size.height - y : y);
    const cv::Point from(right ? 0 : size.width - x, below ? 0 : size.height - y);
    images[i].image(cv::Rect(from, quarter.size())).copyTo(out.image(quarter));
    // Boxes are clipped at the edges of the quarter: moved there, then into the image.
    MovingBoxes moving(images[i].boxes);
    moving.move(translate_map(-from.x, -from.y), quarter.size());
    int dropped = 0;
    MovingBoxes placed(moving.finish(dropped));
    placed.move(translate_map(quarter.x, quarter.y), size);
    for (auto& box : placed.finish(dropped)) out.boxes.push_back(std::move(box));
  }
  return out;
}

BoxedImage copy_pasted(const BoxedImage& one, const BoxedImage& from) {
  constexpr double kLeastVisible = .25;
  const cv::Size size = one.image.size();
  BoxedImage out{one.image.clone(), {}};
  cv::Mat copied(size, CV_8U, cv::Scalar(0));
  const auto area_of = [&](const Box& box) {
    return cv::Rect(cv::Point(static_cast<int>(std::lround(box.x0)),
                              static_cast<int>(std::lround(box.y0))),
                    cv::Point(static_cast<int>(std::lround(box.x1)),
                              static_cast<int>(std::lround(box.y1)))) &
           cv::Rect({}, size);
  };
  for (const Box& box : from.boxes) {
    auto pixels = object_mask(box, size.height, size.width).pixels();
    cv::bitwise_or(copied, cv::Mat(size, CV_8U, pixels.data()), copied);
  }
  from.image.copyTo(out.image, copied);
  for (const Box& box : one.boxes) {
    const cv::Rect area = area_of(box);
    const double left = area.area() - cv::countNonZero(copied(area));
    if (left >= kLeastVisible * area.area()) out.boxes.push_back(box);
  }
  out.boxes.insert(out.boxes.end(), from.boxes.begin(), from.boxes.end());
  return out;
}

BoxedImage cropped(const BoxedImage& one, int side, Rng rng) {
  const int right = one.image.cols - side, down = one.image.rows - side;
  int x = static_cast<int>(rng.below(static_cast<uint64_t>(right + 1)));
  int y = static_cast<int>(rng.below(static_cast<uint64_t>(down + 1)));
  if (!one.boxes.empty()) {
    const Box& box = one.boxes[rng.below(one.boxes.size())];
    // Between the places where the box touches the far edge and the near one.
    const auto around = [&](float near, float far, int most) {
      const float other = far - static_cast<float>(side);
      const double drawn = rng.uniform(std::min(near, other), std::max(near, other));
      return std::clamp(static_cast<int>(std::lround(drawn)), 0, most);
    };
    x = around(box.x0, box.x1, right);
    y = around(box.y0, box.y1, down);
  }
  MovingBoxes moving(one.boxes);
  moving.move(translate_map(-x, -y), {side, side});
  int dropped = 0;
  return {one.image(cv::Rect(x, y, side, side)).clone(), moving.finish(dropped)};
}

BoxBatches::BoxBatches(const BoxedImages& images,
                       const DetectOptions& options,
                       int value_max,
                       int classes,
                       const Rng& rng)
    : images_(images), options_(options), value_max_(value_max), rng_(rng) {
  for (int64_t i = 0; i < images.size(); ++i)
    (images.boxes(i).empty() ? without_ : with_boxes_).push_back(i);
  check(!with_boxes_.empty(),
        Exit::bad_data,
        cat("no training image has boxes",
            images.unknown() > 0 ? cat(" (", images.unknown(), " images are not annotated)") : ""));
  const bool natural_share = options.negatives < 0;
  if (options.sampling == "repeat-factor") {
    const int64_t all = natural_share ? images.size() : std::ssize(with_boxes_);
    const auto factors =
        repeat_factors(images, with_boxes_, classes, all, options.repeat_threshold);
    Rng rounding = rng.fork("repeats");
    std::vector<int64_t> repeated;
    for (size_t i = 0; i < factors.size(); ++i)
      repeated.insert(
          repeated.end(), static_cast<size_t>(factors[i] + rounding.uniform()), with_boxes_[i]);
    with_boxes_ = repeated;
  }
  donors_ = with_boxes_.size();
  if (natural_share) {
    with_boxes_.insert(with_boxes_.end(), without_.begin(), without_.end());
    without_.clear();
  }
  orders_.emplace_back(std::ssize(with_boxes_), 1, rng.fork("with boxes"));
  if (!without_.empty()) orders_.emplace_back(std::ssize(without_), 1, rng.fork("without boxes"));
}

std::vector<int64_t> BoxBatches::rows(int64_t step) {
  // Images without boxes before a step; whole numbers, so that their share holds over many steps.
  const auto negatives_before = [&](int64_t before) {
    const double share = without_.empty() ? 0 : options_.negatives;
    return static_cast<int64_t>(static_cast<double>(before * options_.minibatch) * share);
  };
  const int64_t first = negatives_before(step), negatives = negatives_before(step + 1) - first;
  const int64_t first_positive = step * options_.minibatch - first;
  std::vector<int64_t> out;
  for (const int64_t i : orders_[0].rows(first_positive, options_.minibatch - negatives))
    out.push_back(with_boxes_[static_cast<size_t>(i)]);
  if (negatives > 0)
    for (const int64_t i : orders_[1].rows(first, negatives))
      out.push_back(without_[static_cast<size_t>(i)]);
  return out;
}

Batch BoxBatches::read(int64_t step, const std::vector<int64_t>& rows) const {
  std::vector<cv::Mat> images;
  Batch out;
  const Rng of_step = rng_.fork("augment", static_cast<uint64_t>(step));
  const bool plain = options_.is_plain(step);
  for (size_t i = 0; i < rows.size(); ++i) {
    Rng draw = of_step.fork("image", i);
    BoxedImage source = one(rows[i]);
    if (Rng copies = draw.fork("copies"); !plain && copies.chance(options_.copy_paste))
      source = copy_pasted(source, one(with_boxes_[copies.below(donors_)]));
    if (!plain && draw.chance(options_.mosaic)) {
      const auto another = [&] {
        return one(static_cast<int64_t>(draw.below(static_cast<uint64_t>(images_.size()))));
      };
      source = mosaic_of({source, another(), another(), another()}, draw.fork("mosaic"));
    }
    BoxedImage changed = augmented(source, options_, value_max_, draw.fork("image"));
    if (options_.crop_px > 0)
      changed = cropped(changed, static_cast<int>(options_.crop_px), draw.fork("crop"));
    images.push_back(std::move(changed.image));
    out.boxes.push_back(std::move(changed.boxes));
  }
  out.images = from_mats(images);
  return out;
}

Batch BoxBatches::at(int64_t step) {
  if (!ahead_.empty() && ahead_.front().step != step) ahead_.clear();
  for (auto next = step + std::ssize(ahead_); next < step + kReadAhead; ++next)
    ahead_.push_back({next, std::async(std::launch::async, [this, next, wanted = rows(next)] {
                        return read(next, wanted);
                      })});
  Batch out = ahead_.front().batch.get();
  ahead_.pop_front();
  return out;
}

}  // namespace evenray
