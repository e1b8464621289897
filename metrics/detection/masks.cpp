// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/masks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/detection/boxes.hpp"

namespace evenray {
namespace {

constexpr int64_t kMostSide = 65535, kMostRun = std::numeric_limits<uint32_t>::max();
/// Steps of a fifth of a pixel along one outline.
constexpr int64_t kMostSteps = 15'000'000;
constexpr int kFifths = 5;

[[noreturn]] void refuse_mask(const std::string& message) { throw Error(Exit::bad_data, message); }

/// Builds run lengths from the places at which a mask changes between background and object.
class RunBuilder {
 public:
  /// `place`: not before the last one. Two changes at one place are none.
  void change(int64_t place) {
    if (!ends_.empty() && ends_.back() == place)
      ends_.pop_back();
    else
      ends_.push_back(place);
  }
  std::vector<uint32_t> runs(int64_t pixels) {
    std::vector<uint32_t> out;
    int64_t last = 0;
    for (const int64_t end : ends_) {
      out.push_back(static_cast<uint32_t>(end - last));
      last = end;
    }
    if (last < pixels || out.empty()) out.push_back(static_cast<uint32_t>(pixels - last));
    return out;
  }

 private:
  std::vector<int64_t> ends_;
};

struct GridPoint {
  int64_t x = 0, y = 0;
};

GridPoint grid_point(double x, double y) {
  return {static_cast<int64_t>(kFifths * x + .5), static_cast<int64_t>(kFifths * y + .5)};
}

/// Calls `visit` for the points of a line on the grid, both ends included, from `a` to `b`.
template <class Visit>
void walk_line(GridPoint a, GridPoint b, const Visit& visit) {
  const int64_t wide = std::abs(b.x - a.x), high = std::abs(b.y - a.y);
  const bool flat = wide >= high;
  // Values are computed from the same end in both directions, so that neighbours share the line.
  const bool back = flat ? a.x > b.x : a.y > b.y;
  if (back) std::swap(a, b);
  const int64_t steps = flat ? wide : high;
  const double rise =
      steps == 0 ? 0
                 : static_cast<double>(flat ? b.y - a.y : b.x - a.x) / static_cast<double>(steps);
  for (int64_t step = 0; step <= steps; ++step) {
    const int64_t t = back ? steps - step : step;
    const double other = static_cast<double>(flat ? a.y : a.x) + rise * static_cast<double>(t) + .5;
    if (flat)
      visit(GridPoint{a.x + t, static_cast<int64_t>(other)});
    else
      visit(GridPoint{static_cast<int64_t>(other), a.y + t});
  }
}

void check_outline(int64_t height, int64_t width, std::span<const double> numbers) {
  if (numbers.size() % 2 != 0) refuse_mask("a polygon has an odd number of coordinates");
  if (numbers.size() < 6) refuse_mask("a polygon has fewer than 3 points");
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto side = static_cast<double>(i % 2 == 0 ? width : height);
    if (!std::isfinite(numbers[i])) refuse_mask("a polygon has a coordinate that is not finite");
    if (numbers[i] < -side || numbers[i] > 2 * side)
      refuse_mask("a polygon has a point far outside its image");
  }
}

std::vector<GridPoint> grid_outline(std::span<const double> numbers) {
  std::vector<GridPoint> points;
  for (size_t i = 0; i < numbers.size(); i += 2)
    points.push_back(grid_point(numbers[i], numbers[i + 1]));
  points.push_back(points.front());
  int64_t steps = 0;
  for (size_t i = 0; i + 1 < points.size(); ++i)
    steps += 1 + std::max(std::abs(points[i + 1].x - points[i].x),
                          std::abs(points[i + 1].y - points[i].y));
  if (steps > kMostSteps) refuse_mask("the outline of a polygon is too long");
  return points;
}

/// Gives the pixels covered by two masks run by run: calls visit(length, in_a, in_b).
template <class Visit>
void walk_both(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b, const Visit& visit) {
  size_t in_a = 0, in_b = 0;
  uint32_t left_a = a[0], left_b = b[0];
  while (true) {
    while (left_a == 0 && in_a + 1 < a.size()) left_a = a[++in_a];
    while (left_b == 0 && in_b + 1 < b.size()) left_b = b[++in_b];
    const uint32_t length = std::min(left_a, left_b);
    if (length == 0) return;
    visit(length, in_a % 2 == 1, in_b % 2 == 1);
    left_a -= length;
    left_b -= length;
  }
}

}  // namespace

Mask::Mask(int64_t height, int64_t width, std::vector<uint32_t> runs)
    : height_(height), width_(width), runs_(std::move(runs)) {
  if (height < 1 || width < 1 || height > kMostSide || width > kMostSide)
    refuse_mask(cat("the height and width of a mask must be from 1 to ", kMostSide));
  uint64_t pixels = 0;
  for (size_t i = 0; i < runs_.size(); ++i) {
    pixels += runs_[i];
    if (i % 2 == 1) area_ += runs_[i];
  }
  if (pixels != static_cast<uint64_t>(height * width))
    refuse_mask(cat("the runs of a mask have ", pixels, " pixels, not ", height, " x ", width));
  runs_.shrink_to_fit();
}

Mask Mask::compressed(int64_t height, int64_t width, std::string_view text) {
  // Six bits a character: five of the number, the lowest first, and one that says that more follow.
  // From the fourth number on, what is written is the difference to the one two places before.
  std::vector<uint32_t> runs;
  for (size_t i = 0; i < text.size();) {
    int64_t number = 0;
    bool more = true;
    for (int shift = 0; more; shift += 5) {
      if (i == text.size()) refuse_mask("the compressed runs of a mask end within a number");
      const int bits = text[i++] - '0';
      if (bits < 0 || bits > 63 || shift > 35)
        refuse_mask("the compressed runs of a mask have a character that is not COCO's");
      number |= static_cast<int64_t>(bits & 31) << shift;
      more = (bits & 32) != 0;
      if (!more && (bits & 16) != 0) number -= int64_t{1} << (shift + 5);
    }
    if (runs.size() > 2) number += runs[runs.size() - 2];
    if (number < 0 || number > kMostRun) refuse_mask("a run of a mask is below 0 or too long");
    runs.push_back(static_cast<uint32_t>(number));
  }
  return {height, width, std::move(runs)};
}

std::string Mask::text() const {
  std::string out;
  for (size_t i = 0; i < runs_.size(); ++i) {
    int64_t number = runs_[i];
    if (i > 2) number -= runs_[i - 2];
    for (bool more = true; more;) {
      const int64_t bits = number & 31;
      number >>= 5;
      more = number != ((bits & 16) != 0 ? -1 : 0);
      out += static_cast<char>('0' + (bits | (more ? 32 : 0)));
    }
  }
  return out;
}

Mask Mask::of_pixels(int64_t height, int64_t width, std::span<const uint8_t> pixels) {
  check(std::ssize(pixels) == height * width, Exit::failed, "pixels of a mask: another number");
  RunBuilder builder;
  bool inside = false;
  for (int64_t x = 0; x < width; ++x)
    for (int64_t y = 0; y < height; ++y)
      if ((pixels[static_cast<size_t>(y * width + x)] != 0) != inside) {
        builder.change(x * height + y);
        inside = !inside;
      }
  return {height, width, builder.runs(height * width)};
}

std::vector<uint8_t> Mask::pixels() const {
  std::vector<uint8_t> out(static_cast<size_t>(height_ * width_));
  int64_t place = 0;
  for (size_t i = 0; i < runs_.size(); ++i)
    for (const int64_t end = place + runs_[i]; place < end; ++place)
      if (i % 2 == 1) out[static_cast<size_t>(place % height_ * width_ + place / height_)] = 1;
  return out;
}

Mask Mask::polygon(int64_t height, int64_t width, std::span<const double> numbers) {
  check_outline(height, width, numbers);
  const std::vector<GridPoint> outline = grid_outline(numbers);
  // Where the outline crosses the middle of a column, the mask changes from the crossing on.
  std::vector<int64_t> changes;
  GridPoint last;
  bool first = true;
  const auto visit = [&](const GridPoint& point) {
    if (!first && point.x != last.x) {
      const int64_t column = point.x < last.x ? point.x : point.x - 1;
      if (column >= 0 && column % kFifths == kFifths / 2 && column / kFifths < width) {
        const double y = (static_cast<double>(std::min(point.y, last.y)) + .5) / kFifths - .5;
        const auto row =
            static_cast<int64_t>(std::ceil(std::clamp(y, 0., static_cast<double>(height))));
        changes.push_back(column / kFifths * height + row);
      }
    }
    last = point;
    first = false;
  };
  for (size_t i = 0; i + 1 < outline.size(); ++i) walk_line(outline[i], outline[i + 1], visit);
  std::sort(changes.begin(), changes.end());
  RunBuilder builder;
  for (const int64_t place : changes) builder.change(place);
  return {height, width, builder.runs(height * width)};
}

Mask Mask::united(const Mask& other) const {
  RunBuilder builder;
  int64_t place = 0;
  bool inside = false;
  walk_both(runs_, other.runs_, [&](uint32_t length, bool in_this, bool in_other) {
    if ((in_this || in_other) != inside) {
      builder.change(place);
      inside = !inside;
    }
    place += length;
  });
  return {height_, width_, builder.runs(height_ * width_)};
}

PixelBox Mask::box() const {
  if (area_ == 0) return {};
  int64_t place = 0, left = width_, right = 0, top = height_, bottom = 0;
  for (size_t i = 0; i < runs_.size(); ++i) {
    const int64_t first = place, last = place + runs_[i] - 1;
    place += runs_[i];
    if (i % 2 == 0 || runs_[i] == 0) continue;
    left = std::min(left, first / height_);
    right = std::max(right, last / height_);
    const bool one_column = first / height_ == last / height_;
    top = std::min(top, one_column ? first % height_ : 0);
    bottom = std::max(bottom, one_column ? last % height_ : height_ - 1);
  }
  return {static_cast<double>(left),
          static_cast<double>(top),
          static_cast<double>(right - left + 1),
          static_cast<double>(bottom - top + 1)};
}

double overlap(const Mask& found, const Mask& truth, bool crowd) {
  uint64_t both = 0;
  walk_both(found.runs(), truth.runs(), [&](uint32_t length, bool in_found, bool in_truth) {
    if (in_found && in_truth) both += length;
  });
  if (both == 0) return 0;
  return static_cast<double>(both) /
         static_cast<double>(crowd ? found.area() : found.area() + truth.area() - both);
}

}  // namespace evenray
