// SPDX-License-Identifier: Apache-2.0
#include "classifier/fit.hpp"

#include <torch/types.h>

#include <cmath>

#include "classifier/augmentation.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/ema.hpp"

namespace evenray {
namespace {

/// Images per forward pass outside training.
constexpr int64_t kBatch = 256;

}  // namespace

Examples load_examples(const Store& store, const std::string& part, torch::Device device) {
  const StorePart& rows = store.part(part);
  const auto classes = static_cast<int64_t>(store.info().class_names.size());
  auto labels = torch::empty({rows.size(), classes}, torch::kFloat);
  float* value = labels.data_ptr<float>();
  for (const auto& row : rows.labels) {
    for (const int8_t label : row) *value++ = label;
  }
  return {load_images(store, part, device),
          labels.to(device),
          torch::tensor(rows.weights, torch::kFloat).to(device),
          store.info().value_max,
          !store.info().multi_label};
}

ExampleBatches::ExampleBatches(const Examples& examples,
                               const ClassifyOptions& options,
                               const Rng& rng)
    : examples_(examples),
      balanced_(options.sampling != "natural"),
      minibatch_(options.minibatch),
      rng_(rng),
      order_(examples.images.size(0), options.minibatch, rng.fork("order")) {
  if (!balanced_) return;
  const auto positives = (examples.labels == 1).cpu();
  const int64_t classes = positives.size(1);
  for (int64_t c = 0; c < classes; ++c) {
    const auto found = positives.select(1, c).nonzero().flatten().contiguous();
    const auto* first = found.data_ptr<int64_t>();
    if (found.numel() > 0) rows_of_class_.emplace_back(first, first + found.numel());
  }
}

std::vector<int64_t> ExampleBatches::rows(int64_t step) {
  if (!balanced_) return order_.minibatch(step);
  Rng stream = rng_.fork("balanced", static_cast<uint64_t>(step));
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < minibatch_; ++i) {
    const auto& of_class = rows_of_class_[stream.below(rows_of_class_.size())];
    rows.push_back(of_class[stream.below(of_class.size())]);
  }
  return rows;
}

Batch ExampleBatches::at(int64_t step) {
  const auto index = index_tensor(rows(step), examples_.images.device());
  return {examples_.images.index_select(0, index),
          examples_.labels.index_select(0, index),
          examples_.weights.index_select(0, index)};
}

Fit::Fit(const Examples& examples,
         const ClassifyOptions& options,
         const Compute& compute,
         const Rng& rng)
    : examples_(examples),
      options_(options),
      compute_(compute),
      rng_(rng),
      standardise_(measure(examples.images, examples.value_max)),
      batches_(examples, options, rng) {
  const int64_t classes = examples.labels.size(1);
  seed_torch(rng.fork("weights").key());
  network_ = make_classifier(options.arch, classes);
  average_ = make_classifier(options.arch, classes);
  for (auto* net : {network_.get(), average_.get()}) {
    to_channels_last(*net);
    net->to(compute.device);
  }
  copy_module(*average_, *network_);
  average_->eval();
  adam_ = std::make_unique<FusedAdam>(
      *network_, AdamOptions{options.lr, .9, .999, 1e-8, options.weight_decay});
  const auto positives = (examples.labels == 1).cpu();
  const auto counts = positives.sum(0).to(torch::kFloat);
  class_weights_ = options.loss_weights == "inverse"
                       ? static_cast<double>(positives.size(0)) /
                             (static_cast<double>(classes) * counts.clamp_min(1))
                       : torch::ones({classes});
  class_weights_ = class_weights_.to(compute.device);
  sum_ = torch::zeros({}, torch::TensorOptions(torch::kFloat).device(compute.device));
}

torch::Tensor Fit::loss(const torch::Tensor& logits, const Batch& batch) const {
  const auto& labels = batch.labels;
  const auto& weights = batch.weights;
  const auto values = logits.to(torch::kFloat);
  if (examples_.exclusive) {
    const auto target = (labels == 1).to(torch::kFloat) * class_weights_;
    return (-(torch::log_softmax(values, 1) * target).sum(1) * weights).mean();
  }
  const auto known = (labels >= 0).to(torch::kFloat);
  const auto target = labels.clamp_min(0);
  const auto each = torch::binary_cross_entropy_with_logits(
      values, target, {}, class_weights_, at::Reduction::None);
  return (each * known * weights.unsqueeze(1)).sum() / known.sum().clamp_min(1);
}

void Fit::step(const Batch& batch, int64_t step) {
  const auto warmup =
      static_cast<int64_t>(options_.warmup_share * static_cast<double>(options_.steps));
  adam_->set_lr(options_.lr * warmup_cosine(step, warmup, options_.steps));
  const auto input = network_input(batch.images, examples_.value_max, standardise_);
  const auto shown = augment_batch(input, options_, rng_.fork("step", static_cast<uint64_t>(step)));
  adam_->zero_grad();
  network_->train();
  torch::Tensor value;
  {
    Autocast autocast(compute_);
    value = loss(network_->forward(shown), batch);
  }
  value.backward();
  adam_->step();
  // The half-life grows with the steps, so that the average soon drops the initial weights.
  const double half_life =
      std::min(options_.ema_half_life_steps, static_cast<double>(step + 1) * .1);
  ema_update(*average_, *network_, half_life > 0 ? std::pow(.5, 1 / half_life) : 0.);
  torch::NoGradGuard no_grad;
  sum_ += value.detach();
}

double Fit::take_loss(int64_t steps) {
  const double mean = sum_.item<double>() / static_cast<double>(steps);
  sum_.zero_();
  check(std::isfinite(mean),
        Exit::failed,
        "the training diverged: the loss is not finite; use a lower classify.lr");
  return mean;
}

void Fit::save(TensorFile& file) const {
  add_module(file, "net", *network_);
  save_average(file);
  adam_->save(file, "adam");
  file.tensors["log.sum"] = sum_;
}

void Fit::save_average(TensorFile& file) const { add_module(file, "ema", *average_); }

void Fit::load(const TensorFile& file, const Path& path) {
  torch::NoGradGuard no_grad;
  load_module(file, "net", *network_, path);
  load_module(file, "ema", *average_, path);
  adam_->load(file, "adam", path);
  const auto sum = file.tensors.find("log.sum");
  check(sum != file.tensors.end(),
        Exit::bad_data,
        cat(path.string(), ": tensor 'log.sum' is missing"));
  sum_.copy_(sum->second);
}

torch::Tensor probabilities(ClassifierNet& network,
                            const torch::Tensor& images,
                            int value_max,
                            const Standardise& standardise,
                            bool exclusive,
                            const Compute& compute) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(network);
  std::vector<torch::Tensor> parts;
  for (int64_t i = 0; i < images.size(0); i += kBatch) {
    const auto batch = images.slice(0, i, std::min(images.size(0), i + kBatch)).to(compute.device);
    const auto logits =
        network.forward(network_input(batch, value_max, standardise)).to(torch::kFloat);
    parts.push_back(exclusive ? logits.softmax(1) : logits.sigmoid());
  }
  return torch::cat(parts).cpu();
}

std::vector<std::vector<double>> to_rows(const torch::Tensor& probabilities) {
  const auto values = probabilities.to(torch::kDouble).contiguous();
  const double* value = values.data_ptr<double>();
  std::vector<std::vector<double>> rows;
  for (int64_t i = 0; i < values.size(0); ++i)
    rows.emplace_back(value + i * values.size(1), value + (i + 1) * values.size(1));
  return rows;
}

}  // namespace evenray
