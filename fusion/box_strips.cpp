// SPDX-License-Identifier: Apache-2.0
#include "fusion/box_strips.hpp"

#include <algorithm>

namespace evenray {
namespace {

constexpr size_t kMostStrips = 1024;

double centre(const Corners& box) { return box.x0 / 2 + box.x1 / 2; }

}  // namespace

BoxStrips::BoxStrips(const std::vector<PooledBox>& boxes, double iou_thr)
    : iou_thr_(iou_thr), reach_((1 - iou_thr) * std::max(1., .5 / std::max(iou_thr, 1e-6))) {
  double right = 0, widths = 0;
  for (const auto& box : boxes) {
    const bool first = &box == boxes.data();
    left_ = first ? centre(box.corners) : std::min(left_, centre(box.corners));
    right = first ? centre(box.corners) : std::max(right, centre(box.corners));
    widths += box.corners.x1 - box.corners.x0;
  }
  // Strips of half the mean width: narrower ones take longer to visit than they save.
  const double range = right - left_, width = widths / static_cast<double>(boxes.size()) / 2;
  const double count = std::min<double>(range / width, std::min(boxes.size(), kMostStrips));
  strips_.resize(count >= 1 ? static_cast<size_t>(count) : 1);
  per_px_ = range > 0 ? static_cast<double>(strips_.size()) / range : 0;
  slack_ = 1e-9 * (std::max(std::abs(left_), std::abs(right)) + range);
}

size_t BoxStrips::strip_at(double x) const {
  const double strip = (x - left_) * per_px_;
  if (!(strip > 0)) return 0;
  return strip < static_cast<double>(strips_.size()) ? static_cast<size_t>(strip)
                                                     : strips_.size() - 1;
}

void BoxStrips::add(const Corners& box) {
  strips_[strip_at(centre(box))].push_back(static_cast<uint32_t>(boxes_.size()));
  boxes_.push_back(box);
  widest_ = std::max(widest_, box.x1 - box.x0);
}

void BoxStrips::move(size_t number, const Corners& box) {
  auto& before = strips_[strip_at(centre(boxes_[number]))];
  auto& after = strips_[strip_at(centre(box))];
  if (&before != &after) {
    before.erase(std::find(before.begin(), before.end(), number));
    after.push_back(static_cast<uint32_t>(number));
  }
  boxes_[number] = box;
  widest_ = std::max(widest_, box.x1 - box.x0);
}

template <class Visit>
void BoxStrips::near(const Corners& box, const Visit& visit) const {
  const double width = box.x1 - box.x0, middle = centre(box);
  // Rounding must not hide a box, so the distance is a little longer than the bound.
  const double distance = std::min(width * reach_, (width + widest_) / 2) * (1 + 1e-6) + slack_;
  const size_t last = strip_at(middle + distance);
  for (size_t strip = strip_at(middle - distance); strip <= last; ++strip)
    for (const uint32_t number : strips_[strip])
      if (visit(number)) return;
}

bool BoxStrips::overlaps(const Corners& box) const {
  bool found = false;
  near(box, [&](size_t number) {
    found = corners_iou(boxes_[number], box) > iou_thr_;
    return found;
  });
  return found;
}

std::optional<size_t> BoxStrips::best(const Corners& box) const {
  std::optional<size_t> found;
  double highest = iou_thr_;
  near(box, [&](size_t number) {
    const double iou = corners_iou(boxes_[number], box);
    if (iou > highest || (found && iou == highest && number < *found)) {
      highest = iou;
      found = number;
    }
    return false;
  });
  return found;
}

}  // namespace evenray
