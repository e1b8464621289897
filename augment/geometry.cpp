// SPDX-License-Identifier: Apache-2.0
#include "augment/geometry.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numbers>

namespace evenray {
namespace {

/// Rounds to 15 decimals, like Pillow, so that sine and cosine of right angles become exactly 0 and
/// +-1. printf and strtod round as Python's round() does.
double round_15(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.15f", value);
  return std::strtod(text, nullptr);
}

/// torchvision converts to degrees and back; the same steps give the same rounding.
double shear_tangent(double tangent) {
  const double degrees = std::atan(tangent) * (180. / std::numbers::pi);
  return std::tan(degrees * (std::numbers::pi / 180.));
}

/// Positions are 16.16 fixed-point numbers that are incremented per pixel, with the rounding of
/// Pillow's transform; floating point would choose other pixels at ties. `>> 16` rounds down, also
/// for negative positions.
template <class T>
cv::Mat nearest(const cv::Mat& image, const Affine& map, int fill) {
  const auto fix = [](double v) { return static_cast<int64_t>(std::floor(v * 65536. + .5)); };
  const int64_t a = fix(map.a), b = fix(map.b), d = fix(map.d), e = fix(map.e);
  int64_t row_x = fix(map.c + map.a * .5 + map.b * .5),
          row_y = fix(map.f + map.d * .5 + map.e * .5);
  cv::Mat out(image.size(), image.type(), cv::Scalar(fill));
  for (int y = 0; y < out.rows; ++y, row_x += b, row_y += e) {
    T* pixels = out.ptr<T>(y);
    int64_t in_x = row_x, in_y = row_y;
    for (int x = 0; x < out.cols; ++x, in_x += a, in_y += d) {
      const int64_t column = in_x >> 16, row = in_y >> 16;
      if (column >= 0 && column < image.cols && row >= 0 && row < image.rows)
        pixels[x] = image.ptr<T>(static_cast<int>(row))[column];
    }
  }
  return out;
}

/// The outer half of a border pixel has no neighbour outside, so the coordinates are clamped there.
/// Adding .5 before the cast rounds to nearest (values are never negative).
template <class T>
cv::Mat bilinear(const cv::Mat& image, const Affine& map, int fill) {
  cv::Mat out(image.size(), image.type(), cv::Scalar(fill));
  for (int y = 0; y < out.rows; ++y) {
    T* pixels = out.ptr<T>(y);
    for (int x = 0; x < out.cols; ++x) {
      const cv::Point2d in = map(x + .5, y + .5);
      if (!(in.x >= 0 && in.x < image.cols && in.y >= 0 && in.y < image.rows)) continue;
      const double left = std::floor(in.x - .5), top = std::floor(in.y - .5);
      const double right_share = in.x - .5 - left, bottom_share = in.y - .5 - top;
      const int x0 = std::max(0, static_cast<int>(left)),
                x1 = std::min(image.cols - 1, static_cast<int>(left) + 1);
      const T* upper = image.ptr<T>(std::max(0, static_cast<int>(top)));
      const T* lower = image.ptr<T>(std::min(image.rows - 1, static_cast<int>(top) + 1));
      const double above = upper[x0] + (upper[x1] - upper[x0]) * right_share;
      const double below = lower[x0] + (lower[x1] - lower[x0]) * right_share;
      pixels[x] = static_cast<T>(above + (below - above) * bottom_share + .5);
    }
  }
  return out;
}

template <class T>
int median_of_border(const cv::Mat& image) {
  std::vector<T> border;
  for (int y = 0; y < image.rows; ++y) {
    const T* row = image.ptr<T>(y);
    if (y == 0 || y == image.rows - 1) {
      border.insert(border.end(), row, row + image.cols);
    } else {
      border.push_back(row[0]);
      border.push_back(row[image.cols - 1]);
    }
  }
  const auto middle = border.begin() + static_cast<std::ptrdiff_t>(border.size() / 2);
  std::nth_element(border.begin(), middle, border.end());
  return *middle;
}

using Ring = std::vector<cv::Point2f>;

/// One step of Sutherland-Hodgman clipping: keeps the part of the polygon with inside(p) >= 0.
template <class Distance>
Ring clip_edge(const Ring& ring, Distance inside) {
  Ring out;
  for (size_t i = 0; i < ring.size(); ++i) {
    const cv::Point2f from = ring[i], to = ring[(i + 1) % ring.size()];
    const float at_from = inside(from), at_to = inside(to);
    if (at_from >= 0) out.push_back(from);
    if ((at_from >= 0) != (at_to >= 0))
      out.push_back(from + (to - from) * (at_from / (at_from - at_to)));
  }
  return out;
}

Ring clip_ring(Ring ring, cv::Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  ring = clip_edge(ring, [](cv::Point2f p) { return p.x; });
  ring = clip_edge(ring, [&](cv::Point2f p) { return width - p.x; });
  ring = clip_edge(ring, [](cv::Point2f p) { return p.y; });
  return clip_edge(ring, [&](cv::Point2f p) { return height - p.y; });
}

/// Sets the box to the bounds of its rings.
void take_bounds(Box& box) {
  constexpr float kFar = std::numeric_limits<float>::max();
  box.x0 = box.y0 = kFar;
  box.x1 = box.y1 = -kFar;
  for (const Ring& ring : box.rings) {
    for (const cv::Point2f p : ring) {
      box.x0 = std::min(box.x0, p.x);
      box.x1 = std::max(box.x1, p.x);
      box.y0 = std::min(box.y0, p.y);
      box.y1 = std::max(box.y1, p.y);
    }
  }
  if (box.rings.empty()) box.x0 = box.y0 = box.x1 = box.y1 = 0;
}

void clip_box(Box& box, cv::Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  box.x0 = std::clamp(box.x0, 0.f, width);
  box.x1 = std::clamp(box.x1, 0.f, width);
  box.y0 = std::clamp(box.y0, 0.f, height);
  box.y1 = std::clamp(box.y1, 0.f, height);
}

/// Moves and clips the rings of a box. Returns the proportion of the area that stays in the image,
/// at most 1: lobes of a ring that crosses itself cancel out until one of them is clipped.
double move_rings(Box& box, const Affine& forward, cv::Size size) {
  for (Ring& ring : box.rings)
    for (cv::Point2f& p : ring) p = cv::Point2f(forward(p.x, p.y));
  const double whole = box.area();
  for (Ring& ring : box.rings) ring = clip_ring(ring, size);
  std::erase_if(box.rings, [](const Ring& ring) { return ring.size() < 3; });
  take_bounds(box);
  clip_box(box, size);
  return std::min(1., box.area() / whole);
}

/// The same for a box without rings. The half axes of the moved ellipse's bounds are hypot(a hx, b
/// hy) and hypot(d hx, e hy).
double move_ellipse(Box& box, const Affine& forward, cv::Size size) {
  const double half_x = (box.x1 - box.x0) / 2., half_y = (box.y1 - box.y0) / 2.;
  const cv::Point2d middle = forward((box.x0 + box.x1) / 2., (box.y0 + box.y1) / 2.);
  const double reach_x = std::hypot(forward.a * half_x, forward.b * half_y);
  const double reach_y = std::hypot(forward.d * half_x, forward.e * half_y);
  box.x0 = static_cast<float>(middle.x - reach_x);
  box.x1 = static_cast<float>(middle.x + reach_x);
  box.y0 = static_cast<float>(middle.y - reach_y);
  box.y1 = static_cast<float>(middle.y + reach_y);
  box.rings.clear();
  const double whole = box.area();
  clip_box(box, size);
  return whole > 0 ? box.area() / whole : 0;
}

/// Gives an edge of length 0 at the border a length.
void widen(float& low, float& high, int side) {
  constexpr float kShare = .05f;
  if (low != high) return;
  high = std::max(high, kShare * static_cast<float>(side));
  low = std::min(low, (1 - kShare) * static_cast<float>(side));
}

void move_corners(Box& box, const Affine& forward, cv::Size size) {
  Box hull = box;
  hull.rings = {{}};
  for (const float x : {box.x0, box.x1})
    for (const float y : {box.y0, box.y1}) hull.rings[0].push_back(cv::Point2f(forward(x, y)));
  take_bounds(hull);
  clip_box(hull, size);
  widen(hull.x0, hull.x1, size.width);
  widen(hull.y0, hull.y1, size.height);
  if (!box.rings.empty()) move_rings(box, forward, size);
  hull.rings = std::move(box.rings);
  box = std::move(hull);
}

}  // namespace

Affine inverse(const Affine& m) {
  const double determinant = m.a * m.e - m.b * m.d;
  assert(determinant != 0);
  Affine out{m.e / determinant, -m.b / determinant, 0, -m.d / determinant, m.a / determinant, 0};
  out.c = -(out.a * m.c + out.b * m.f);
  out.f = -(out.d * m.c + out.e * m.f);
  return out;
}

Affine compose(const Affine& first, const Affine& second) {
  const cv::Point2d origin = first(second.c, second.f);
  return {first.a * second.a + first.b * second.d,
          first.a * second.b + first.b * second.e,
          origin.x,
          first.d * second.a + first.e * second.d,
          first.d * second.b + first.e * second.e,
          origin.y};
}

Affine shear_x_map(double tangent) { return {1, shear_tangent(tangent), 0, 0, 1, 0}; }
Affine shear_y_map(double tangent) { return {1, 0, 0, shear_tangent(tangent), 1, 0}; }
Affine translate_map(double x_px, double y_px) { return {1, 0, -x_px, 0, 1, -y_px}; }

Affine rotate_map(double degrees, cv::Size size) {
  double turn = std::fmod(degrees, 360.);
  if (turn < 0) turn += 360.;
  const double angle = -(turn * (std::numbers::pi / 180.));
  Affine map{round_15(std::cos(angle)),
             round_15(std::sin(angle)),
             0,
             round_15(-std::sin(angle)),
             round_15(std::cos(angle)),
             0};
  const double x = size.width / 2., y = size.height / 2.;
  const cv::Point2d corner = map(-x, -y);
  map.c = corner.x + x;
  map.f = corner.y + y;
  return map;
}

Affine scale_map(double factor, cv::Size size) {
  const double x = size.width / 2., y = size.height / 2.;
  return {1 / factor, 0, x - x / factor, 0, 1 / factor, y - y / factor};
}

Affine flip_map(cv::Size size) { return {-1, 0, static_cast<double>(size.width), 0, 1, 0}; }

cv::Mat warp_nearest(const cv::Mat& image, const Affine& map, int fill) {
  return image.depth() == CV_16U ? nearest<uint16_t>(image, map, fill)
                                 : nearest<uint8_t>(image, map, fill);
}

cv::Mat warp_bilinear(const cv::Mat& image, const Affine& map, int fill) {
  return image.depth() == CV_16U ? bilinear<uint16_t>(image, map, fill)
                                 : bilinear<uint8_t>(image, map, fill);
}

int border_median(const cv::Mat& image) {
  return image.depth() == CV_16U ? median_of_border<uint16_t>(image)
                                 : median_of_border<uint8_t>(image);
}

MovingBoxes::MovingBoxes(const std::vector<Box>& boxes, BoxRule rule) : rule_(rule) {
  for (const Box& box : boxes)
    boxes_.push_back({box, 1, box.x1 - box.x0 < 2 || box.y1 - box.y0 < 2});
}

void MovingBoxes::move(const Affine& map, cv::Size size) {
  const Affine forward = inverse(map);
  for (Moving& moving : boxes_) {
    if (rule_ == BoxRule::corner_hull) {
      move_corners(moving.box, forward, size);
      continue;
    }
    if (moving.visible <= 0) continue;  // a later map must not bring back a clipped box
    const bool outlined = !moving.box.rings.empty() && moving.box.area() > 0;
    moving.visible *=
        outlined ? move_rings(moving.box, forward, size) : move_ellipse(moving.box, forward, size);
  }
}

std::vector<Box> MovingBoxes::finish(int& dropped, double min_visibility) const {
  std::vector<Box> out;
  for (const Moving& moving : boxes_) {
    const bool small = moving.box.x1 - moving.box.x0 < 2 || moving.box.y1 - moving.box.y0 < 2;
    const bool lost = moving.visible < min_visibility || (small && !moving.was_small);
    if (rule_ == BoxRule::visible && lost) {
      ++dropped;
    } else {
      out.push_back(moving.box);
    }
  }
  return out;
}

}  // namespace evenray
