// SPDX-License-Identifier: Apache-2.0
#include "rcnn/matching.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace evenray {
namespace {

/// Candidates of a task of a thread.
constexpr int64_t kMatchGrain = 4096;

float pair_overlap(const float* a, const float* b) {
  const float width = std::max(0.f, std::min(a[2], b[2]) - std::max(a[0], b[0]));
  const float height = std::max(0.f, std::min(a[3], b[3]) - std::max(a[1], b[1]));
  const float both = width * height;
  return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

/// Returns the first `count` of the items in a random order, sorted.
torch::Tensor drawn(std::vector<int64_t> items, int64_t count, Rng& rng) {
  count = std::min(count, static_cast<int64_t>(items.size()));
  for (int64_t i = 0; i < count; ++i) {
    const auto left = items.size() - static_cast<size_t>(i);
    std::swap(items[static_cast<size_t>(i)], items[static_cast<size_t>(i) + rng.below(left)]);
  }
  items.resize(static_cast<size_t>(count));
  std::sort(items.begin(), items.end());
  return torch::tensor(items, torch::kLong);
}

}  // namespace

torch::Tensor match_boxes(const torch::Tensor& truth,
                          const torch::Tensor& candidates,
                          const MatchRule& rule) {
  const auto true_boxes = truth.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const auto boxes = candidates.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const int64_t count = boxes.size(0), true_count = true_boxes.size(0);
  auto matches = torch::full({count}, kNoMatch, torch::kLong);
  if (true_count == 0 || count == 0) return matches;
  const float *of_truth = true_boxes.data_ptr<float>(), *of_boxes = boxes.data_ptr<float>();
  int64_t* out = matches.data_ptr<int64_t>();
  // Each thread collects the highest overlap of each true box; the highest of these is the same in
  // any order.
  const int64_t tasks = (count + kMatchGrain - 1) / kMatchGrain;
  std::vector<std::vector<float>> highest(static_cast<size_t>(tasks));
  std::vector<int64_t> best(static_cast<size_t>(count));
  at::parallel_for(0, tasks, 1, [&](int64_t first_task, int64_t end_task) {
    for (int64_t task = first_task; task < end_task; ++task) {
      auto& high = highest[static_cast<size_t>(task)];
      high.assign(static_cast<size_t>(true_count), 0);
      for (int64_t i = task * kMatchGrain; i < std::min(count, (task + 1) * kMatchGrain); ++i) {
        float most = -1;
        for (int64_t t = 0; t < true_count; ++t) {
          const float overlap = pair_overlap(of_truth + 4 * t, of_boxes + 4 * i);
          high[static_cast<size_t>(t)] = std::max(high[static_cast<size_t>(t)], overlap);
          if (overlap <= most) continue;
          most = overlap;
          best[static_cast<size_t>(i)] = t;
        }
        if (most >= static_cast<float>(rule.high))
          out[i] = best[static_cast<size_t>(i)];
        else if (most >= static_cast<float>(rule.low))
          out[i] = kUnclearMatch;
      }
    }
  });
  if (!rule.low_quality) return matches;
  for (size_t task = 1; task < highest.size(); ++task)
    for (size_t t = 0; t < highest[0].size(); ++t)
      highest[0][t] = std::max(highest[0][t], highest[task][t]);
  at::parallel_for(0, count, kMatchGrain, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; ++i)
      for (int64_t t = 0; t < true_count; ++t) {
        const float overlap = pair_overlap(of_truth + 4 * t, of_boxes + 4 * i);
        if (overlap > 0 && overlap == highest[0][static_cast<size_t>(t)])
          out[i] = best[static_cast<size_t>(i)];
      }
  });
  return matches;
}

Sampler balanced_sampler(Rng rng) {
  return [rng](const torch::Tensor& labels, int64_t count, double positive_share) mutable {
    const auto values = labels.to(torch::kCPU, torch::kLong).contiguous();
    const int64_t* label = values.data_ptr<int64_t>();
    std::vector<int64_t> positive, negative;
    for (int64_t i = 0; i < values.numel(); ++i) {
      if (label[i] > 0) positive.push_back(i);
      if (label[i] == 0) negative.push_back(i);
    }
    const auto most = static_cast<int64_t>(static_cast<double>(count) * positive_share);
    Sampled out;
    out.positive = drawn(std::move(positive), most, rng);
    out.negative = drawn(std::move(negative), count - out.positive.numel(), rng);
    return out;
  };
}

}  // namespace evenray
