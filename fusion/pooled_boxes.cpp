// SPDX-License-Identifier: Apache-2.0
#include "fusion/pooled_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Whether the corners and the area of a box are finite, and its score is a finite one of 0 or
/// more.
bool is_fusible(const FoundBox& found) {
  const PixelBox& box = found.box;
  return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.x + box.width) &&
         std::isfinite(box.y + box.height) && std::isfinite(box.area()) &&
         std::isfinite(found.score) && found.score >= 0;
}

}  // namespace

double corners_iou(const Corners& a, const Corners& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (a.area() + b.area() - both);
}

FusionFrame::FusionFrame(const std::optional<ImageSize>& image) : image_(image) {
  if (!image) return;
  for (const double side : {image->width, image->height})
    if (!std::isfinite(side) || side <= 0)
      throw Error(Exit::failed, cat("an image must have finite sides above 0, not ", side));
}

Corners FusionFrame::sorted(const PixelBox& box) const {
  Corners out{box.x, box.y, box.x + box.width, box.y + box.height};
  if (out.x1 < out.x0) std::swap(out.x0, out.x1);
  if (out.y1 < out.y0) std::swap(out.y0, out.y1);
  return out;
}

Corners FusionFrame::corners(const PixelBox& box) const {
  Corners out = sorted(box);
  if (!image_) return out;
  for (double* x : {&out.x0, &out.x1}) *x = std::clamp(*x / image_->width, 0., 1.);
  for (double* y : {&out.y0, &out.y1}) *y = std::clamp(*y / image_->height, 0., 1.);
  return out;
}

PixelBox FusionFrame::clipped(const PixelBox& box) const {
  Corners out = sorted(box);
  if (image_) {
    for (double* x : {&out.x0, &out.x1}) *x = std::clamp(*x, 0., image_->width);
    for (double* y : {&out.y0, &out.y1}) *y = std::clamp(*y, 0., image_->height);
  }
  const bool same = out.x0 == box.x && out.y0 == box.y && out.x1 == box.x + box.width &&
                    out.y1 == box.y + box.height;
  return same ? box : PixelBox{out.x0, out.y0, out.x1 - out.x0, out.y1 - out.y0};
}

PixelBox FusionFrame::pixels(const Corners& corners) const {
  const auto [width, height] = image_.value_or(ImageSize{1, 1});
  return {corners.x0 * width,
          corners.y0 * height,
          (corners.x1 - corners.x0) * width,
          (corners.y1 - corners.y0) * height};
}

double FusionFrame::rounded(double value) const {
  if (!image_) return value;
  // Volatile, since GCC 12 with -O2 leaves out the rounding of nmw where it vectorises the calls.
  volatile float single = static_cast<float>(value);
  return static_cast<double>(single);
}

void PooledClass::sort() {
  std::reverse(boxes.begin(), boxes.end());
  std::stable_sort(boxes.begin(), boxes.end(), [](const PooledBox& a, const PooledBox& b) {
    return a.score > b.score;
  });
}

std::vector<PooledClass> pool_boxes(const std::vector<std::vector<FoundBox>>& models,
                                    const FusionFrame& frame,
                                    std::span<const double> weights,
                                    double skip_box_thr) {
  std::vector<PooledClass> out;
  std::map<int, size_t> place_of_class;
  for (size_t m = 0; m < models.size(); ++m) {
    for (size_t i = 0; i < models[m].size(); ++i) {
      const FoundBox& found = models[m][i];
      if (!is_fusible(found))
        throw Error(Exit::failed, cat("box ", i, " of model ", m, " cannot be fused: not finite"));
      if (found.score < skip_box_thr) continue;
      const Corners corners = frame.corners(found.box);
      if (!(corners.area() > 0)) continue;
      const auto [at, is_new] = place_of_class.emplace(found.class_index, out.size());
      if (is_new) out.push_back({found.class_index});
      out[at->second].boxes.push_back({corners, found.score * weights[m], weights[m], {m, i}});
    }
  }
  return out;
}

FusedBox single_box(const std::vector<std::vector<FoundBox>>& models,
                    const FusionFrame& frame,
                    const PooledBox& box) {
  const FoundBox& found = models[box.place.model][box.place.box];
  return {{frame.clipped(found.box), found.class_index, box.score}, {box.place}};
}

}  // namespace evenray
