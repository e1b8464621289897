// SPDX-License-Identifier: Apache-2.0
#include "rcnn/suppression.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace evenray {
namespace {

/// The boxes of one group in the order of their scores, as arrays that a compiler can vectorise.
struct RankedBoxes {
  std::vector<float> x0, y0, x1, y1, area;

  void add(const float* box) {
    x0.push_back(box[0]);
    y0.push_back(box[1]);
    x1.push_back(box[2]);
    y1.push_back(box[3]);
    area.push_back((box[2] - box[0]) * (box[3] - box[1]));
  }

  /// Marks the boxes after number i that overlap it too much.
  void mark(size_t i, float overlap, std::vector<uint8_t>& removed) const {
    const float left = x0[i], top = y0[i], right = x1[i], bottom = y1[i], own = area[i];
    for (size_t j = i + 1; j < area.size(); ++j) {
      const float width = std::max(0.f, std::min(right, x1[j]) - std::max(left, x0[j]));
      const float height = std::max(0.f, std::min(bottom, y1[j]) - std::max(top, y0[j]));
      const float both = width * height;
      removed[j] |= static_cast<uint8_t>(both / (own + area[j] - both) > overlap);
    }
  }
};

/// Returns the largest f32 that is not above `value`: the same numbers are above it.
float rounded_down(double value) {
  const auto near = static_cast<float>(value);
  return near > value ? std::nextafter(near, -std::numeric_limits<float>::infinity()) : near;
}

}  // namespace

torch::Tensor suppress(const torch::Tensor& boxes,
                       const torch::Tensor& scores,
                       const torch::Tensor& groups,
                       double overlap) {
  const auto host_boxes = boxes.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const auto host_groups = groups.to(torch::kCPU, torch::kLong).contiguous();
  const auto order = scores.detach().to(torch::kCPU).argsort(/*stable=*/true, 0, true);
  const float* corners = host_boxes.data_ptr<float>();
  const int64_t* group = host_groups.data_ptr<int64_t>();
  const int64_t* ranks = order.data_ptr<int64_t>();
  struct Group {
    RankedBoxes boxes;
    std::vector<int64_t> ranks;  ///< places in the order of all boxes
  };
  std::map<int64_t, Group> by_group;
  for (int64_t rank = 0; rank < order.numel(); ++rank) {
    Group& own = by_group[group[ranks[rank]]];
    own.boxes.add(corners + 4 * ranks[rank]);
    own.ranks.push_back(rank);
  }
  const float limit = rounded_down(overlap);
  std::vector<int64_t> kept;
  for (const auto& [key, own] : by_group) {
    std::vector<uint8_t> removed(own.ranks.size());
    for (size_t i = 0; i < removed.size(); ++i) {
      if (removed[i]) continue;
      kept.push_back(own.ranks[i]);
      own.boxes.mark(i, limit, removed);
    }
  }
  std::sort(kept.begin(), kept.end());
  for (int64_t& rank : kept) rank = ranks[rank];
  return torch::tensor(kept, torch::kLong);
}

}  // namespace evenray
