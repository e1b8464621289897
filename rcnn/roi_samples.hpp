// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which positions of a map the bins of a box read. Internal to rcnn.
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "rcnn/roi_align.hpp"

namespace evenray {

/// The positions along one side of a map that each bin reads, with their weights. Bilinear weights
/// are products of those of both sides, so that samples that share positions can be added up once.
template <class T>
struct SideSamples {
  std::vector<int32_t> first;     ///< bins + 1: where the positions of a bin begin
  std::vector<int32_t> position;  ///< ascending within a bin
  std::vector<T> weight;

  SideSamples() = default;
  /// `start`, `length`: of the box, in positions of the map, which has `size` of them.
  SideSamples(T start, T length, int64_t bins, int64_t samples, int64_t size) {
    const T step = length / static_cast<T>(bins);
    const auto count = samples > 0 ? samples : static_cast<int64_t>(std::ceil(step));
    const T share = T(1) / static_cast<T>(std::max<int64_t>(1, count));
    first.push_back(0);
    for (int64_t bin = 0; bin < bins; ++bin) {
      for (int64_t i = 0; i < count; ++i) {
        const T at = start + static_cast<T>(bin) * step +
                     (static_cast<T>(i) + T(.5)) * step / static_cast<T>(count);
        // What is more than a position outside the map counts as 0.
        if (at < -1 || at > static_cast<T>(size)) continue;
        const T inside = std::max(at, T(0));
        const auto low = std::min(static_cast<int64_t>(inside), size - 1);
        const auto high = std::min(low + 1, size - 1);
        const T part = low == high ? T(0) : inside - static_cast<T>(low);
        add(low, (1 - part) * share);
        if (part > 0) add(high, part * share);
      }
      first.push_back(static_cast<int32_t>(position.size()));
    }
  }

 private:
  void add(int64_t at, T value) {
    for (auto i = static_cast<size_t>(first.back()); i < position.size(); ++i)
      if (position[i] == at) {
        weight[i] += value;
        return;
      }
    position.push_back(static_cast<int32_t>(at));
    weight.push_back(value);
  }
};

/// The samples of one box.
template <class T>
struct RoiSamples {
  int64_t image = 0, level = 0;
  SideSamples<T> rows, columns;

  /// Calls visit(bin, y, x, weight) for all positions of all bins, bins row by row.
  template <class Visit>
  void each(const RoiBins& bins, const Visit& visit) const {
    for (int64_t by = 0; by < bins.height; ++by)
      for (int64_t bx = 0; bx < bins.width; ++bx)
        for (int32_t r = rows.first[static_cast<size_t>(by)];
             r < rows.first[static_cast<size_t>(by) + 1];
             ++r)
          for (int32_t c = columns.first[static_cast<size_t>(bx)];
               c < columns.first[static_cast<size_t>(bx) + 1];
               ++c) {
            const auto y = static_cast<size_t>(r), x = static_cast<size_t>(c);
            visit(by * bins.width + bx,
                  rows.position[y],
                  columns.position[x],
                  rows.weight[y] * columns.weight[x]);
          }
  }
};

/// Returns the samples of boxes [K,5] on maps of these sizes [N,C,h,w]. Throws 1 as roi_align().
template <class T>
std::vector<RoiSamples<T>> roi_samples(const torch::Tensor& boxes,
                                       const torch::Tensor& levels,
                                       const std::vector<double>& scales,
                                       const std::vector<std::vector<int64_t>>& sizes,
                                       const RoiBins& bins) {
  const auto box = boxes.accessor<T, 2>();
  const auto level = levels.accessor<int64_t, 1>();
  // More samples than that can only come from a box far outside of any image.
  constexpr T kFarthest = 1 << 20;
  std::vector<RoiSamples<T>> out;
  out.reserve(static_cast<size_t>(boxes.size(0)));
  for (int64_t k = 0; k < boxes.size(0); ++k) {
    const auto image = static_cast<int64_t>(box[k][0]);
    check(level[k] >= 0 && level[k] < std::ssize(sizes), Exit::failed, "a box has no such map");
    const auto& size = sizes[static_cast<size_t>(level[k])];
    check(image >= 0 && image < size[0], Exit::failed, "a box has no such image");
    for (int i = 1; i < 5; ++i)
      if (!(std::abs(box[k][i]) < kFarthest))
        throw Error(Exit::failed, cat("a box to pool has a corner at ", box[k][i], " px"));
    const auto scale = static_cast<T>(scales[static_cast<size_t>(level[k])]);
    const auto side = [&](int low, int64_t count, int64_t positions) {
      const T shift = bins.aligned ? T(.5) : T(0);
      const T start = box[k][low] * scale - shift;
      T length = box[k][low + 2] * scale - shift - start;
      if (!bins.aligned) length = std::max(length, T(1));
      return SideSamples<T>(start, length, count, bins.samples, positions);
    };
    out.push_back({image, level[k], side(2, bins.height, size[2]), side(1, bins.width, size[3])});
  }
  return out;
}

}  // namespace evenray
