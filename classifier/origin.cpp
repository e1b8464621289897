// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/stats.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr size_t kFewest = 20;
constexpr size_t kDraws = 1000;

std::vector<cv::Mat> shuffled(std::vector<cv::Mat> images, Rng rng) {
  rng.shuffle(images);
  return images;
}

}  // namespace

Json origin_auroc(const std::vector<cv::Mat>& real,
                  const std::vector<cv::Mat>& synthetic,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute) {
  check(real.size() >= kFewest && synthetic.size() >= kFewest,
        Exit::bad_data,
        cat("the origin test needs ",
            kFewest,
            " images of each kind, there are ",
            real.size(),
            " and ",
            synthetic.size()));
  const Rng rng(seed);
  std::vector<cv::Mat> seen, held_out;
  std::vector<int64_t> seen_labels;
  std::vector<uint8_t> held_out_labels;
  const auto divide = [&](const std::vector<cv::Mat>& images, uint8_t label) {
    for (size_t i = 0; i < images.size(); ++i) {
      if (i < images.size() / 2) {
        seen.push_back(images[i]);
        seen_labels.push_back(label);
      } else {
        held_out.push_back(images[i]);
        held_out_labels.push_back(label);
      }
    }
  };
  divide(shuffled(real, rng.fork("real")), 0);
  divide(shuffled(synthetic, rng.fork("synthetic")), 1);

  const int value_max = real[0].depth() == CV_16U ? 65535 : 255;
  const auto labels = torch::one_hot(torch::tensor(seen_labels, torch::kLong), 2).to(torch::kFloat);
  const Examples examples{from_mats(seen).to(compute.device),
                          labels.to(compute.device),
                          torch::ones({labels.size(0)}).to(compute.device),
                          value_max,
                          true};
  ClassifyOptions options;
  options.steps = steps;
  options.minibatch = std::min<int64_t>(options.minibatch, examples.images.size(0));
  options.sampling = "balanced";
  Fit fit(examples, options, compute, rng.fork("fit"));
  for (int64_t step = 0; step < steps; ++step) fit.step(step);
  const auto rows = to_rows(probabilities(
      fit.network(), from_mats(held_out), value_max, fit.standardise(), true, compute));
  std::vector<double> scores;
  std::vector<std::string> groups;
  for (const auto& row : rows) {
    scores.push_back(row[1]);
    groups.push_back(std::to_string(groups.size()));
  }
  const GroupBootstrap bootstrap(groups);
  std::vector<double> draws;
  for (size_t k = 0; k < kDraws; ++k) {
    draws.push_back(
        auroc(scores, held_out_labels, bootstrap.row_weights(rng.fork("bootstrap"), k)));
  }
  const Interval interval = percentile_interval(draws);
  return {{"auroc", auroc(scores, held_out_labels)},
          {"ci", {interval.low, interval.high}},
          {"n_real", real.size()},
          {"n_synthetic", synthetic.size()},
          {"held_out", held_out.size()}};
}

}  // namespace evenray
