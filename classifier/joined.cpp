// SPDX-License-Identifier: Apache-2.0
// One linear layer on the features of several classifiers.
#include <torch/optim.h>
#include <torch/types.h>

#include <array>
#include <cmath>

#include "classifier/classifier.hpp"
#include "classifier/examples.hpp"
#include "classifier/feature_cache.hpp"
#include "classifier/fit.hpp"
#include "classifier/state.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Factors of half the squared weights, of which validation chooses.
constexpr std::array kPenalties{1e-4, 1e-3, 1e-2, 1e-1, 1.};
constexpr int64_t kIterations = 200;

torch::Tensor joined_features(const std::vector<const Classifier*>& models,
                              const Store& store,
                              const std::string& part) {
  std::vector<torch::Tensor> all;
  for (const auto* model : models) {
    const auto& state = model->state();
    all.push_back(state.head_only
                      ? cached_features(store, part, *state.net, state.reading, state.compute)
                      : features(*state.net, store, part, state.reading, state.compute));
  }
  return torch::cat(all, 1).to(torch::kDouble);
}

/// The examples of a part, on the CPU, in double.
Examples joined_examples(const std::vector<const Classifier*>& models,
                         const Store& store,
                         const std::string& part) {
  Examples out = examples_of(store, part, joined_features(models, store, part), torch::kCPU);
  out.labels = out.labels.to(torch::kDouble);
  out.weights = out.weights.to(torch::kDouble);
  return out;
}

/// Mean cross entropy of known labels, weighted by row.
torch::Tensor cross_entropy(const torch::Tensor& logits, const Examples& rows) {
  const auto known = (rows.labels >= 0).to(torch::kDouble) * rows.weights.unsqueeze(1);
  if (rows.exclusive)
    return -(logits.log_softmax(1) * rows.labels.clamp_min(0) * known).sum() / rows.weights.sum();
  const auto losses = torch::binary_cross_entropy_with_logits(
      logits, rows.labels.clamp_min(0), {}, {}, at::Reduction::None);
  return (losses * known).sum() / known.sum();
}

struct LinearLayer {
  torch::Tensor weight, bias;
  torch::Tensor logits(const torch::Tensor& input) const { return input.mm(weight) + bias; }
};

LinearLayer fit_layer(const Examples& rows, double penalty) {
  const auto doubles = torch::TensorOptions(torch::kDouble).requires_grad(true);
  LinearLayer layer{torch::zeros({rows.images.size(1), rows.labels.size(1)}, doubles),
                    torch::zeros({rows.labels.size(1)}, doubles)};
  torch::optim::LBFGS optimizer(
      {layer.weight, layer.bias},
      torch::optim::LBFGSOptions(1).max_iter(kIterations).line_search_fn("strong_wolfe"));
  optimizer.step([&] {
    optimizer.zero_grad();
    const auto loss =
        cross_entropy(layer.logits(rows.images), rows) + penalty / 2 * layer.weight.square().sum();
    loss.backward();
    return loss;
  });
  return layer;
}

}  // namespace

JoinedEnsemble join_classifiers(const std::vector<const Classifier*>& models,
                                const Store& store,
                                const std::string& part) {
  for (const auto* model : models) check_store(store, model->state());
  check(store.part("train").size() > 0 && store.part("val").size() > 0,
        Exit::bad_data,
        cat(store.path().string(),
            ": joined features need training images, and validation images to choose how much "
            "their weights are penalised"));
  check(store.part(part).size() > 0,
        Exit::bad_data,
        cat(store.path().string(), ": part ", part, " is empty"));
  Examples train = joined_examples(models, store, "train");
  Examples val = joined_examples(models, store, "val");
  const auto mean = train.images.mean(0, /*keepdim=*/true);
  const auto deviation = train.images.std(0, /*unbiased=*/false, /*keepdim=*/true).clamp_min(1e-6);
  const auto scaled = [&](const torch::Tensor& features) { return (features - mean) / deviation; };
  train.images = scaled(train.images);
  val.images = scaled(val.images);
  LinearLayer chosen;
  JoinedEnsemble out;
  double least = INFINITY;
  for (const double penalty : kPenalties) {
    const LinearLayer layer = fit_layer(train, penalty);
    torch::NoGradGuard no_grad;
    const double loss = cross_entropy(layer.logits(val.images), val).item<double>();
    if (loss >= least) continue;
    least = loss;
    chosen = layer;
    out.penalty = penalty;
  }
  const auto predictions = [&](const std::string& of, const torch::Tensor& features) {
    torch::NoGradGuard no_grad;
    const auto logits = chosen.logits(features);
    const StorePart& rows = store.part(of);
    return Predictions{store.info().class_names,
                       rows.ids,
                       rows.groups,
                       rows.labels,
                       to_rows(train.exclusive ? logits.softmax(1) : logits.sigmoid())};
  };
  out.val = predictions("val", val.images);
  out.part =
      part == "val" ? out.val : predictions(part, scaled(joined_features(models, store, part)));
  return out;
}

}  // namespace evenray
