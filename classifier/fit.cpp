// SPDX-License-Identifier: Apache-2.0
#include "classifier/fit.hpp"

#include <torch/nn.h>

#include <algorithm>
#include <cmath>

#include "classifier/augmentation.hpp"
#include "classifier/mixing.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/resize.hpp"

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
  for (const auto& batch : images.split(images_at_a_time(images.size(2), images.size(3)))) {
    const auto input =
        network_input(batch.to(compute.device), reading.value_max, reading.standardise);
    parts.push_back(output(input).to(torch::kFloat));
  }
  return torch::cat(parts).cpu();
}

/// Shrinks images [N,1,H,W] to this share of their sides.
torch::Tensor at_scale(const torch::Tensor& images, double scale) {
  if (scale >= 1) return images;
  const auto side = [&](int64_t px) {
    return std::max<int64_t>(1, std::llround(scale * static_cast<double>(px)));
  };
  return resize_bicubic(images, side(images.size(2)), side(images.size(3)));
}

/// Applies `output` to the images of a part, block by block.
torch::Tensor of_blocks(const Store& store,
                        const std::string& part,
                        const Compute& compute,
                        const std::function<torch::Tensor(const torch::Tensor&)>& output) {
  std::vector<torch::Tensor> outputs;
  // The same minibatches as of all images at once.
  const int64_t rows = images_at_a_time(store.info().height, store.info().width);
  read_blocks(store, part, rows, compute.device, [&](const torch::Tensor& images) {
    outputs.push_back(output(images));
  });
  return torch::cat(outputs);
}

}  // namespace

double training_scale(const ClassifyOptions& options, int64_t step) {
  constexpr int64_t kStages = 4;
  const int64_t stage = std::min(kStages - 1, step * kStages / options.steps);
  return options.start_scale +
         (1 - options.start_scale) * static_cast<double>(stage) / static_cast<double>(kStages - 1);
}

int64_t images_at_a_time(int64_t height, int64_t width) {
  return std::clamp<int64_t>(kMostPixels / (height * width), 1, kMostImages);
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
      standardise_(weights ? weights->input : measure_pixels(examples)),
      batches_(examples, options, rng),
      loss_(examples, options) {
  const int64_t classes = examples.labels.size(1);
  seed_torch(rng.fork("weights").key());
  network_ = make_classifier(options.arch, classes, options.loss.cosine_scale());
  average_ = make_classifier(options.arch, classes, options.loss.cosine_scale());
  if (weights) load_weights(*weights, class_names);
  choose_trained();
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
      if (child->as<torch::nn::BatchNorm2d>() || child->as<torch::nn::LayerNorm>())
        for (auto& p : child->parameters()) p.set_requires_grad(true);
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
  learner_ = std::make_unique<Learner>(network_,
                                       average_,
                                       LearnerOptions{"classify",
                                                      options_.steps,
                                                      options_.learning_rate(),
                                                      options_.weight_decay,
                                                      options_.warmup_share,
                                                      options_.ema_half_life_steps},
                                       compute_,
                                       rate_of);
}

/// The part of a network whose tensors change.
torch::nn::Module& Fit::trained(ClassifierNet& network) const {
  if (options_.tune == "head") return *network.head;
  return network;
}

torch::Tensor Fit::logits(const torch::Tensor& images, int64_t step) {
  if (images.dim() == 2) return network_->classify(images);
  const auto input = network_input(
      at_scale(images, training_scale(options_, step)), examples_.value_max, standardise_);
  return network_->forward(
      augment_batch(input, options_, rng_.fork("step", static_cast<uint64_t>(step))));
}

void Fit::step(const Batch& batch, int64_t step) {
  learner_->start(step);
  network_->train();
  if (options_.frozen_statistics) {
    for (const auto& child : network_->modules())
      if (auto* norm = child->as<torch::nn::BatchNorm2d>()) norm->eval();
  }
  torch::Tensor value;
  {
    Autocast autocast(compute_);
    const auto number = static_cast<uint64_t>(step);
    Batch shown = batch;
    shown.images =
        augment_with_policy(batch.images, options_, compute_.threads, rng_.fork("policy", number));
    // A policy changes single images, as where it was published. Then images are mixed, before the
    // rest of the online augmentation, which is the same for all classes.
    const Mix mix = draw_mix(shown, options_, rng_.fork("mix", number));
    const auto outputs = logits(mix.images, step);
    const bool weighted =
        static_cast<double>(step) >= options_.loss.deferred * static_cast<double>(options_.steps);
    value = loss_(outputs, batch.labels, batch.weights, weighted);
    if (mix.share < 1)
      value =
          mix.share * value + (1 - mix.share) * loss_(outputs, mix.labels, mix.weights, weighted);
  }
  learner_->finish(step, value, &trained(*network_), &trained(*average_));
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

torch::Tensor probabilities(ClassifierNet& network,
                            const Store& store,
                            const std::string& part,
                            const Reading& reading,
                            const Compute& compute) {
  return of_blocks(store, part, compute, [&](const torch::Tensor& images) {
    return probabilities(network, images, reading, compute);
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

torch::Tensor features(ClassifierNet& network,
                       const Store& store,
                       const std::string& part,
                       const Reading& reading,
                       const Compute& compute) {
  return of_blocks(store, part, compute, [&](const torch::Tensor& images) {
    return features(network, images, reading, compute);
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
