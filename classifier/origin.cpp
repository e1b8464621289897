// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <map>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr int64_t kFewest = 20;
constexpr size_t kDraws = 1000;

/// Adds whole groups in random order to `seen` until it has half of the images, and the remaining
/// ones to `held_out`. The last group is always held out.
void divide(const std::vector<cv::Mat>& images,
            const std::vector<std::string>& groups,
            uint8_t synthetic,
            Rng rng,
            OriginImages& seen,
            OriginImages& held_out) {
  std::map<std::string, std::vector<size_t>> rows_of;
  for (size_t i = 0; i < images.size(); ++i) rows_of[groups[i]].push_back(i);
  std::vector<std::string> order;
  for (const auto& [group, rows] : rows_of) order.push_back(group);
  rng.shuffle(order);
  size_t divided = 0;
  for (const auto& group : order) {
    const bool see = divided < images.size() / 2 && &group != &order.back();
    OriginImages& half = see ? seen : held_out;
    for (const size_t row : rows_of[group]) {
      half.images.push_back(images[row]);
      half.synthetic.push_back(synthetic);
      half.groups.push_back(cat(int{synthetic}, " ", group));
    }
    divided += rows_of[group].size();
  }
}

}  // namespace

Json origin_auroc(const std::vector<cv::Mat>& real,
                  const std::vector<std::string>& real_groups,
                  const std::vector<cv::Mat>& synthetic,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute) {
  const Rng rng(seed);
  std::vector<std::string> each;
  for (size_t i = 0; i < synthetic.size(); ++i) each.push_back(std::to_string(i));
  OriginImages seen, held_out;
  divide(real, real_groups, 0, rng.fork("real"), seen, held_out);
  divide(synthetic, each, 1, rng.fork("synthetic"), seen, held_out);
  return origin_auroc(seen, held_out, steps, seed, compute);
}

Json origin_auroc(const OriginImages& seen,
                  const OriginImages& held_out,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute) {
  std::array<int64_t, 2> images{};  // real, synthetic
  for (uint8_t kind = 0; kind < 2; ++kind) {
    const auto in_seen = std::count(seen.synthetic.begin(), seen.synthetic.end(), kind);
    const auto others = std::count(held_out.synthetic.begin(), held_out.synthetic.end(), kind);
    images[kind] = in_seen + others;
    if (images[kind] < kFewest || in_seen == 0 || others == 0) return nullptr;
  }
  const Rng rng(seed);
  const int value_max = seen.images[0].depth() == CV_16U ? 65535 : 255;
  const std::vector<int64_t> kinds(seen.synthetic.begin(), seen.synthetic.end());
  const auto labels = torch::one_hot(torch::tensor(kinds, torch::kLong), 2).to(torch::kFloat);
  const Examples examples{from_mats(seen.images).to(compute.device),
                          labels.to(compute.device),
                          torch::ones({labels.size(0)}).to(compute.device),
                          value_max,
                          true};
  ClassifyOptions options;
  options.steps = steps;
  options.minibatch = std::min<int64_t>(options.minibatch, examples.images.size(0));
  options.sampling = "balanced";
  Fit fit(examples, options, compute, rng.fork("fit"));
  for (int64_t step = 0; step < steps; ++step) fit.step(fit.batches().at(step), step);
  const auto rows = to_rows(probabilities(fit.network(),
                                          from_mats(held_out.images),
                                          {value_max, fit.standardise(), /*exclusive=*/true},
                                          compute));
  std::vector<double> scores;
  for (const auto& row : rows) scores.push_back(row[1]);
  const GroupBootstrap bootstrap(held_out.groups);
  std::vector<double> draws;
  for (size_t k = 0; k < kDraws; ++k) {
    draws.push_back(
        auroc(scores, held_out.synthetic, bootstrap.row_weights(rng.fork("bootstrap"), k)));
  }
  const Interval interval = support_of(held_out.synthetic, held_out.groups).interval(draws);
  return {{"auroc", auroc(scores, held_out.synthetic)},
          {"ci", {interval.low, interval.high}},
          {"n_real", images[0]},
          {"n_synthetic", images[1]},
          {"held_out", held_out.images.size()}};
}

}  // namespace evenray
