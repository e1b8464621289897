// SPDX-License-Identifier: Apache-2.0
#include "classifier/smote.hpp"

#include <algorithm>
#include <numeric>

namespace evenray {

torch::Tensor smote(const torch::Tensor& features, int64_t count, const Rng& rng) {
  const int64_t rows = features.size(0);
  // The nearest is the row itself, or one that is equal to it.
  const int64_t neighbours = std::min(kSmoteNeighbours, rows - 1);
  const auto nearest = std::get<1>(
      torch::cdist(features, features).topk(neighbours + 1, /*dim=*/1, /*largest=*/false));
  const auto nearest_of = nearest.accessor<int64_t, 2>();
  Rng stream = rng;
  std::vector<int64_t> starts, ends;
  auto shares = torch::empty({count, 1}, torch::kFloat);
  float* share = shares.data_ptr<float>();
  std::vector<int64_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = 0; i < count; ++i) {
    if (i % rows == 0) stream.shuffle(order);
    const int64_t start = order[static_cast<size_t>(i % rows)];
    int64_t end = start;
    if (neighbours > 0) {
      std::vector<int64_t> others;
      for (int64_t k = 0; k <= neighbours; ++k)
        if (nearest_of[start][k] != start) others.push_back(nearest_of[start][k]);
      others.resize(static_cast<size_t>(neighbours), others.back());
      end = others[stream.below(others.size())];
    }
    starts.push_back(start);
    ends.push_back(end);
    share[i] = static_cast<float>(stream.uniform(0, 1));
  }
  const auto from = features.index_select(0, torch::tensor(starts, torch::kLong));
  const auto to = features.index_select(0, torch::tensor(ends, torch::kLong));
  return from + shares * (to - from);
}

}  // namespace evenray
