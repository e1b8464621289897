// SPDX-License-Identifier: Apache-2.0
#include "classifier/fit.hpp"

#include <torch/nn.h>

#include <algorithm>
#include <cmath>

#include "classifier/augmentation.hpp"
#include "classifier/smote.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/ema.hpp"

namespace evenray {
namespace {

/// Images per forward pass outside training, and pixels.
constexpr int64_t kMostImages = 256, kMostPixels = 1 << 22;

/// Applies `output` to all images, in batches, as network input.
template <class Output>
torch::Tensor in_batches(ClassifierNet& network,
                         const torch::Tensor& images,
                         const Reading& reading,
                         const Compute& compute,
                         const Output& output) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(network);
  std::vector<torch::Tensor> parts;
  const int64_t count =
      std::clamp<int64_t>(kMostPixels / (images.size(2) * images.size(3)), 1, kMostImages);
  for (const auto& batch : images.split(count)) {
    const auto input =
        network_input(batch.to(compute.device), reading.value_max, reading.standardise);
    parts.push_back(output(input).to(torch::kFloat));
  }
  return torch::cat(parts).cpu();
}

}  // namespace

Examples examples_of(const Store& store,
                     const std::string& part,
                     torch::Tensor images,
                     torch::Device device) {
  const StorePart& rows = store.part(part);
  const auto classes = static_cast<int64_t>(store.info().class_names.size());
  auto labels = torch::empty({rows.size(), classes}, torch::kFloat);
  float* value = labels.data_ptr<float>();
  for (const auto& row : rows.labels) {
    for (const int8_t label : row) *value++ = label;
  }
  return {images.to(device),
          labels.to(device),
          torch::tensor(rows.weights, torch::kFloat).to(device),
          store.info().value_max,
          !store.info().multi_label};
}

Examples load_examples(const Store& store, const std::string& part, torch::Device device) {
  return examples_of(store, part, load_images(store, part, device), device);
}

Examples filled_with_smote(const Examples& examples, const Rng& rng) {
  const auto positives = (examples.labels == 1).cpu();
  const auto counts = positives.sum(0);
  const int64_t largest = counts.max().item<int64_t>();
  std::vector<torch::Tensor> features{examples.images}, labels{examples.labels};
  for (int64_t c = 0; c < counts.numel(); ++c) {
    const int64_t count = counts[c].item<int64_t>();
    if (count == 0 || count == largest) continue;
    const auto rows = positives.select(1, c).nonzero().flatten();
    const auto of_class = examples.images.cpu().index_select(0, rows);
    features.push_back(smote(of_class, largest - count, rng.fork("smote", static_cast<uint64_t>(c)))
                           .to(examples.images.device()));
    auto label = torch::zeros({1, counts.numel()}, examples.labels.options());
    label[0][c] = 1;
    labels.push_back(label.expand({largest - count, counts.numel()}));
  }
  Examples out = examples;
  out.images = torch::cat(features);
  out.labels = torch::cat(labels);
  const int64_t added = out.images.size(0) - examples.images.size(0);
  out.weights = torch::cat({examples.weights, torch::ones({added}, examples.weights.options())});
  return out;
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
         const Rng& rng,
         const Pretrained* weights,
         const std::vector<std::string>& class_names)
    : examples_(examples),
      options_(options),
      compute_(compute),
      rng_(rng),
      standardise_(weights ? weights->input : measure(examples.images, examples.value_max)),
      batches_(examples, options, rng) {
  const int64_t classes = examples.labels.size(1);
  seed_torch(rng.fork("weights").key());
  network_ = make_classifier(options.arch, classes);
  average_ = make_classifier(options.arch, classes);
  if (weights) load_weights(*weights, class_names);
  for (auto* net : {network_.get(), average_.get()}) {
    to_channels_last(*net);
    net->to(compute.device);
  }
  copy_module(*average_, *network_);
  average_->eval();
  choose_trained();
  const auto positives = (examples.labels == 1).cpu();
  const auto counts = positives.sum(0).to(torch::kFloat);
  class_weights_ = options.loss_weights == "inverse"
                       ? static_cast<double>(positives.size(0)) /
                             (static_cast<double>(classes) * counts.clamp_min(1))
                       : torch::ones({classes});
  class_weights_ = class_weights_.to(compute.device);
  sum_ = torch::zeros({}, torch::TensorOptions(torch::kFloat).device(compute.device));
}

/// Loads the trunk, and the last layer if it is of these classes.
void Fit::load_weights(const Pretrained& weights, const std::vector<std::string>& class_names) {
  weights.load(*network_->trunk);
  if (weights.class_names != class_names) return;
  for (auto& [name, tensor] : tensors_of(*network_->head))
    load_tensor({weights.tensors, {}}, network_->trunk->head + "." + name, tensor, weights.path);
}

/// Sets which parameters are trained, and with which share of the learning rate.
void Fit::choose_trained() {
  const std::string head = network_->trunk->head + ".";
  if (options_.tune != "all") {
    for (auto& item : network_->named_parameters())
      item.value().set_requires_grad(item.key().starts_with(head));
  }
  if (options_.tune == "norm") {
    for (const auto& child : network_->modules())
      if (auto* norm = child->as<torch::nn::BatchNorm2d>())
        for (auto& p : norm->parameters()) p.set_requires_grad(true);
  }
  const auto rate_of = [&](const std::string& name) {
    const auto& depths = network_->trunk->depths;
    const auto group = std::find_if(depths.begin(), depths.end(), [&](const auto& prefixes) {
      return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
        return name.starts_with("trunk." + prefix);
      });
    });
    // The head is one depth above the last.
    return std::pow(options_.layer_decay, static_cast<double>(depths.end() - group));
  };
  adam_ = std::make_unique<FusedAdam>(
      *network_,
      AdamOptions{options_.learning_rate(), .9, .999, 1e-8, options_.weight_decay},
      rate_of);
}

/// The part of a network whose tensors change.
torch::nn::Module& Fit::trained(ClassifierNet& network) const {
  if (options_.tune == "head") return *network.head;
  return network;
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

torch::Tensor Fit::logits(const Batch& batch, int64_t step) {
  if (batch.images.dim() == 2) return network_->classify(batch.images);
  const auto input = network_input(batch.images, examples_.value_max, standardise_);
  const auto shown = augment_batch(input, options_, rng_.fork("step", static_cast<uint64_t>(step)));
  return network_->forward(shown);
}

void Fit::step(const Batch& batch, int64_t step) {
  const auto warmup =
      static_cast<int64_t>(options_.warmup_share * static_cast<double>(options_.steps));
  adam_->set_lr(options_.learning_rate() * warmup_cosine(step, warmup, options_.steps));
  adam_->zero_grad();
  network_->train();
  if (options_.frozen_statistics) {
    for (const auto& child : network_->modules())
      if (auto* norm = child->as<torch::nn::BatchNorm2d>()) norm->eval();
  }
  torch::Tensor value;
  {
    Autocast autocast(compute_);
    value = loss(logits(batch, step), batch);
  }
  value.backward();
  adam_->step();
  // The half-life grows with the steps, so that the average soon drops the initial weights.
  const double half_life =
      std::min(options_.ema_half_life_steps, static_cast<double>(step + 1) * .1);
  ema_update(
      trained(*average_), trained(*network_), half_life > 0 ? std::pow(.5, 1 / half_life) : 0.);
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
                            const Reading& reading,
                            const Compute& compute) {
  torch::NoGradGuard no_grad;
  const auto of_logits = [&](const torch::Tensor& logits) {
    const auto values = logits.to(torch::kFloat);
    return reading.exclusive ? values.softmax(1) : values.sigmoid();
  };
  if (images.dim() == 2) return of_logits(network.classify(images)).cpu();
  return in_batches(network, images, reading, compute, [&](const torch::Tensor& input) {
    return of_logits(network.forward(input));
  });
}

torch::Tensor features(ClassifierNet& network,
                       const torch::Tensor& images,
                       const Reading& reading,
                       const Compute& compute) {
  return in_batches(network, images, reading, compute, [&](const torch::Tensor& input) {
    return network.features(input);
  });
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
