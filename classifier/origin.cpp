// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <map>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr size_t kFewest = 20;
constexpr size_t kDraws = 1000;

/// Real and synthetic images, divided into a half for training (seen) and a held-out half.
struct Halves {
  std::vector<cv::Mat> seen, held_out;
  std::vector<int64_t> seen_labels;  ///< 1: synthetic
  std::vector<uint8_t> held_out_labels;
  std::vector<std::string> held_out_groups;

  /// Adds whole groups in random order to the seen half until it has half of the images, and the
  /// remaining ones to the held-out half. The last group is always held out.
  void divide(const std::vector<cv::Mat>& images,
              const std::vector<std::string>& groups,
              uint8_t label,
              Rng rng) {
    std::map<std::string, std::vector<size_t>> rows_of;
    for (size_t i = 0; i < images.size(); ++i) rows_of[groups[i]].push_back(i);
    std::vector<std::string> order;
    for (const auto& [group, rows] : rows_of) order.push_back(group);
    rng.shuffle(order);
    size_t divided = 0;
    for (const auto& group : order) {
      const auto& rows = rows_of[group];
      const bool see = divided < images.size() / 2 && &group != &order.back();
      for (const size_t row : rows) {
        (see ? seen : held_out).push_back(images[row]);
        if (see) {
          seen_labels.push_back(label);
        } else {
          held_out_labels.push_back(label);
          held_out_groups.push_back(cat(int{label}, " ", group));
        }
      }
      divided += rows.size();
    }
  }
};

}  // namespace

Json origin_auroc(const std::vector<cv::Mat>& real,
                  const std::vector<std::string>& real_groups,
                  const std::vector<cv::Mat>& synthetic,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute,
                  const std::vector<std::string>& synthetic_groups) {
  const bool one_group =
      std::all_of(real_groups.begin(), real_groups.end(), [&](const std::string& group) {
        return group == real_groups.front();
      });
  if (real.size() < kFewest || synthetic.size() < kFewest || one_group) return nullptr;
  const Rng rng(seed);
  std::vector<std::string> each = synthetic_groups;
  for (size_t i = each.size(); i < synthetic.size(); ++i) each.push_back(std::to_string(i));
  Halves halves;
  halves.divide(real, real_groups, 0, rng.fork("real"));
  halves.divide(synthetic, each, 1, rng.fork("synthetic"));

  const int value_max = real[0].depth() == CV_16U ? 65535 : 255;
  const auto labels =
      torch::one_hot(torch::tensor(halves.seen_labels, torch::kLong), 2).to(torch::kFloat);
  const Examples examples{from_mats(halves.seen).to(compute.device),
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
                                          from_mats(halves.held_out),
                                          {value_max, fit.standardise(), /*exclusive=*/true},
                                          compute));
  std::vector<double> scores;
  for (const auto& row : rows) scores.push_back(row[1]);
  const GroupBootstrap bootstrap(halves.held_out_groups);
  std::vector<double> draws;
  for (size_t k = 0; k < kDraws; ++k) {
    draws.push_back(
        auroc(scores, halves.held_out_labels, bootstrap.row_weights(rng.fork("bootstrap"), k)));
  }
  const Interval interval =
      support_of(halves.held_out_labels, halves.held_out_groups).interval(draws);
  return {{"auroc", auroc(scores, halves.held_out_labels)},
          {"ci", {interval.low, interval.high}},
          {"n_real", real.size()},
          {"n_synthetic", synthetic.size()},
          {"held_out", halves.held_out.size()}};
}

}  // namespace evenray
