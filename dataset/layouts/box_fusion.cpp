// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/box_fusion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "fusion/fusion.hpp"
#include "metrics/detection/boxes.hpp"

namespace evenray {
namespace {

constexpr std::array kNames{"keep", "fuse", "majority"};  // in the order of the enumerators
/// Boxes of one class that overlap more than this show the same finding.
constexpr double kSameFinding = .5;

PixelBox pixel_box_of(const Box& box) {
  return {box.x0, box.y0, double{box.x1} - box.x0, double{box.y1} - box.y0};
}

/// Whether a box has an area. The audit reports the others, so they are neither fused nor dropped.
bool has_area(const Box& box) {
  return std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) &&
         std::isfinite(box.y1) && box.x0 < box.x1 && box.y0 < box.y1;
}

/// A box of the result, and the boxes that it stands for, in their order.
struct Merged {
  ListedBox listed;
  std::vector<size_t> members;

  size_t readers(const std::vector<ReadBox>& boxes) const {
    std::set<std::string> names;
    for (const size_t member : members) names.insert(boxes[member].reader);
    return names.size();
  }
};

/// Returns the fused boxes in the order of their first members. Of boxes with the same score fusion
/// takes the last one first, so they are handed over from the last to the first.
std::vector<Merged> fused_readings(const std::vector<ReadBox>& boxes) {
  std::vector<Merged> out;
  std::vector<FoundBox> found;
  std::vector<size_t> places;
  std::map<std::string, int> classes;
  for (size_t i = boxes.size(); i-- > 0;) {
    const ListedBox& listed = boxes[i].listed;
    if (!has_area(listed.box)) {
      out.push_back({listed, {i}});
      continue;
    }
    const int next = static_cast<int>(classes.size());
    const int class_index = classes.emplace(listed.class_name, next).first->second;
    found.push_back({pixel_box_of(listed.box), class_index, 1});
    places.push_back(i);
  }
  for (const auto& fused : fuse_boxes({found}, {}, {.iou_thr = kSameFinding})) {
    Merged& merged = out.emplace_back();
    for (const auto& member : fused.members) merged.members.push_back(places[member.box]);
    merged.listed = boxes[merged.members[0]].listed;
    if (merged.members.size() == 1) continue;
    const PixelBox& box = fused.found.box;
    Box& mean = merged.listed.box;
    mean.x0 = static_cast<float>(box.x);
    mean.y0 = static_cast<float>(box.y);
    mean.x1 = static_cast<float>(box.x + box.width);
    mean.y1 = static_cast<float>(box.y + box.height);
    mean.rings.clear();
  }
  std::sort(out.begin(), out.end(), [](const Merged& a, const Merged& b) {
    return a.members[0] < b.members[0];
  });
  return out;
}

}  // namespace

std::vector<std::string> merging_names() { return {kNames.begin(), kNames.end()}; }

Merging parse_merging(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  check(found != kNames.end(),
        Exit::config,
        "data.readers: " + unknown_name("way to merge boxes", name, merging_names()));
  return static_cast<Merging>(found - kNames.begin());
}

std::vector<ListedBox> merge_boxes(const std::vector<ReadBox>& boxes,
                                   size_t readers,
                                   Merging merging) {
  std::vector<ListedBox> out;
  if (merging == Merging::keep) {
    for (const auto& box : boxes) out.push_back(box.listed);
    return out;
  }
  for (const auto& merged : fused_readings(boxes))
    if (merging == Merging::fuse || 2 * merged.readers(boxes) > readers)
      out.push_back(merged.listed);
  return out;
}

}  // namespace evenray
