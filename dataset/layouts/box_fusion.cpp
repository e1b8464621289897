// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/box_fusion.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::array kNames{"keep", "fuse", "majority"};  // in the order of the enumerators
/// Boxes of one class that overlap more than this show the same finding.
constexpr double kSameFinding = .5;

struct Cluster {
  ListedBox fused;
  std::array<double, 4> sums{};
  double count = 0;
  std::set<std::string> readers;

  void add(const ReadBox& read) {
    const Box& box = read.listed.box;
    const std::array<float, 4> edges{box.x0, box.y0, box.x1, box.y1};
    ++count;
    for (size_t i = 0; i < 4; ++i) sums[i] += edges[i];
    fused.class_name = read.listed.class_name;
    fused.box.x0 = static_cast<float>(sums[0] / count);
    fused.box.y0 = static_cast<float>(sums[1] / count);
    fused.box.x1 = static_cast<float>(sums[2] / count);
    fused.box.y1 = static_cast<float>(sums[3] / count);
    readers.insert(read.reader);
  }
};

}  // namespace

std::vector<std::string> merging_names() { return {kNames.begin(), kNames.end()}; }

Merging parse_merging(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  check(found != kNames.end(),
        Exit::config,
        "data.readers: " + unknown_name("way to merge boxes", name, merging_names()));
  return static_cast<Merging>(found - kNames.begin());
}

double box_overlap(const Box& a, const Box& b) {
  const auto area = [](double x0, double y0, double x1, double y1) {
    return std::max(0., x1 - x0) * std::max(0., y1 - y0);
  };
  const double common =
      area(std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1));
  const double all = area(a.x0, a.y0, a.x1, a.y1) + area(b.x0, b.y0, b.x1, b.y1) - common;
  return common > 0 ? common / all : 0;
}

std::vector<ListedBox> merge_boxes(const std::vector<ReadBox>& boxes,
                                   size_t readers,
                                   Merging merging) {
  std::vector<ListedBox> out;
  if (merging == Merging::keep) {
    for (const auto& box : boxes) out.push_back(box.listed);
    return out;
  }
  std::vector<Cluster> clusters;
  for (const auto& box : boxes) {
    Cluster* best = nullptr;
    double most = kSameFinding;
    for (auto& cluster : clusters) {
      const double overlap = box_overlap(cluster.fused.box, box.listed.box);
      if (cluster.fused.class_name != box.listed.class_name || overlap <= most) continue;
      most = overlap;
      best = &cluster;
    }
    (best ? *best : clusters.emplace_back()).add(box);
  }
  for (const auto& cluster : clusters)
    if (merging == Merging::fuse || 2 * cluster.readers.size() > readers)
      out.push_back(cluster.fused);
  return out;
}

}  // namespace evenray
