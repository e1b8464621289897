// SPDX-License-Identifier: Apache-2.0
#include "classifier/smote.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "dataset/summary/imbalance.hpp"

namespace evenray {
namespace {

/// Returns for each row its `count` nearest other rows [N,count], nearest first. There must be more
/// than `count` rows.
torch::Tensor nearest_others(const torch::Tensor& features, int64_t count) {
  auto distances = torch::cdist(features, features);
  distances.fill_diagonal_(std::numeric_limits<double>::infinity());
  return std::get<1>(distances.topk(count, /*dim=*/1, /*largest=*/false));
}

std::vector<int64_t> label_counts(const torch::Tensor& labels) {
  const auto counts = (labels == 1).sum(0).to(torch::kLong).contiguous();
  return {counts.data_ptr<int64_t>(), counts.data_ptr<int64_t>() + counts.numel()};
}

/// Labels of new rows from those [N,K,C] of the rows around them.
torch::Tensor ranked_labels(const torch::Tensor& around) {
  const double half = static_cast<double>(around.size(1)) / 2;
  const auto present = (around == 1).sum(1) > half, unknown = (around < 0).sum(1) > half;
  return present.to(torch::kFloat) - unknown.to(torch::kFloat);
}

}  // namespace

torch::Tensor smote(const torch::Tensor& features, int64_t count, const Rng& rng) {
  const int64_t rows = features.size(0);
  const int64_t neighbours = std::min(kSmoteNeighbours, rows - 1);
  const auto nearest = nearest_others(features, neighbours);
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
    const auto choice = neighbours > 0 ? stream.below(static_cast<uint64_t>(neighbours)) : 0;
    starts.push_back(start);
    ends.push_back(neighbours > 0 ? nearest_of[start][static_cast<int64_t>(choice)] : start);
    share[i] = static_cast<float>(stream.uniform(0, 1));
  }
  const auto from = features.index_select(0, torch::tensor(starts, torch::kLong));
  const auto to = features.index_select(0, torch::tensor(ends, torch::kLong));
  return from + shares * (to - from);
}

LabelledFeatures mlsmote(const torch::Tensor& features,
                         const torch::Tensor& labels,
                         const Rng& rng) {
  const auto mean_ir = imbalance(label_counts(labels)).mean_ir;
  std::vector<torch::Tensor> made{features.slice(0, 0, 0)}, of_made{labels.slice(0, 0, 0)};
  for (int64_t c = 0; c < labels.size(1); ++c) {
    std::vector<torch::Tensor> all = of_made;
    all.push_back(labels);
    const auto irlbl = imbalance(label_counts(torch::cat(all))).irlbl[static_cast<size_t>(c)];
    const auto bag = (labels.select(1, c) == 1).nonzero().flatten();
    const int64_t neighbours = std::min(kSmoteNeighbours, bag.size(0) - 1);
    if (!(irlbl > mean_ir) || neighbours <= 0) continue;
    const auto starts = features.index_select(0, bag), of_starts = labels.index_select(0, bag);
    const auto nearest = nearest_others(starts, neighbours);
    const int64_t rows = bag.size(0);
    auto choices = torch::empty({rows, 1}, torch::kLong);
    auto shares = torch::empty({rows, 1}, torch::kFloat);
    Rng stream = rng.fork("mlsmote", static_cast<uint64_t>(c));
    for (int64_t i = 0; i < rows; ++i) {
      choices[i][0] = static_cast<int64_t>(stream.below(static_cast<uint64_t>(neighbours)));
      shares[i][0] = stream.uniform(0, 1);
    }
    const auto ends = starts.index_select(0, nearest.gather(1, choices).flatten());
    made.push_back(starts + shares * (ends - starts));
    const auto around = of_starts.index_select(0, nearest.flatten()).view({rows, neighbours, -1});
    of_made.push_back(ranked_labels(torch::cat({of_starts.unsqueeze(1), around}, 1)));
  }
  return {torch::cat(made), torch::cat(of_made)};
}

}  // namespace evenray
