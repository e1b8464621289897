// SPDX-License-Identifier: Apache-2.0
#include "classifier/loss.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Weights [C] of classes with these counts [C] among `rows` rows.
torch::Tensor weights_of_classes(const torch::Tensor& counts,
                                 int64_t rows,
                                 const ClassifyOptions& options) {
  const auto classes = static_cast<double>(counts.numel());
  const auto present = counts.clamp_min(1);
  if (options.loss_weights == "inverse") return static_cast<double>(rows) / (classes * present);
  if (options.loss_weights == "effective") {
    // Cui et al. 2019, equation 1; their sum is the number of classes.
    const double beta = options.loss.beta;
    const auto weights = (1 - beta) / (1 - torch::pow(beta, present));
    return weights * (classes / weights.sum());
  }
  return torch::ones_like(counts);
}

}  // namespace

Loss::Loss(const Examples& examples, const ClassifyOptions& options)
    : options_(options.loss), exclusive_(examples.exclusive) {
  check(exclusive_ || options_.name != "ldam",
        Exit::bad_data,
        "classify.loss.name = \"ldam\" needs classes that exclude each other");
  check(!exclusive_ || options_.name != "asymmetric",
        Exit::bad_data,
        "classify.loss.name = \"asymmetric\" needs labels that do not exclude each other; use "
        "focal");
  const auto labels = examples.labels.cpu();
  const auto counts = (labels == 1).sum(0).to(torch::kFloat);
  const auto known = (labels >= 0).sum(0).to(torch::kFloat);
  const auto device = examples.labels.device();
  class_weights_ = weights_of_classes(counts, labels.size(0), options).to(device);
  plain_weights_ = torch::ones_like(class_weights_);
  offset_ = torch::zeros_like(class_weights_);
  margin_ = torch::zeros_like(class_weights_);
  if (options_.name == "logit-adjusted") {
    // Half a row more of each kind keeps the logarithms finite.
    const auto yes = counts + .5, no = known - counts + .5;
    offset_ = options_.adjustment * (exclusive_ ? (yes / yes.sum()).log() : (yes / no).log());
    offset_ = offset_.to(device);
  }
  if (options_.name == "ldam") {
    const auto margins = counts.clamp_min(1).pow(-.25);
    margin_ = (margins * (options_.scale * options_.margin / margins.max())).to(device);
  }
}

torch::Tensor Loss::exclusive(const torch::Tensor& logits,
                              const torch::Tensor& labels,
                              const torch::Tensor& class_weights) const {
  const auto truth = (labels == 1).to(torch::kFloat);
  const auto log_p = torch::log_softmax(logits + offset_ - truth * margin_, 1);
  auto each = -log_p;
  if (options_.name == "focal") each = each * (1 - log_p.exp()).pow(options_.gamma);
  const double smooth = options_.smoothing / static_cast<double>(labels.size(1));
  const auto target = truth * (1 - options_.smoothing) + smooth;
  return (each * target * class_weights).sum(1);
}

torch::Tensor Loss::binary(const torch::Tensor& logits,
                           const torch::Tensor& labels,
                           const torch::Tensor& class_weights) const {
  const auto adjusted = logits + offset_;
  const auto target = labels.clamp_min(0) * (1 - options_.smoothing) + options_.smoothing / 2;
  auto positive = -torch::log_sigmoid(adjusted), negative = -torch::log_sigmoid(-adjusted);
  if (options_.name == "focal") {
    const auto p = adjusted.sigmoid();
    positive = positive * (1 - p).pow(options_.gamma);
    negative = negative * p.pow(options_.gamma);
  }
  if (options_.name == "asymmetric") {
    const auto lowered = (adjusted.sigmoid() - options_.shift).clamp_min(0);
    negative = -(1 - lowered).clamp_min(1e-8).log() * lowered.pow(options_.gamma_negative);
  }
  return target * class_weights * positive + (1 - target) * negative;
}

torch::Tensor Loss::operator()(const torch::Tensor& logits,
                               const torch::Tensor& labels,
                               const torch::Tensor& weights,
                               bool weighted) const {
  const auto values = logits.to(torch::kFloat);
  const auto& class_weights = weighted ? class_weights_ : plain_weights_;
  if (exclusive_) return (exclusive(values, labels, class_weights) * weights).mean();
  const auto known = (labels >= 0).to(torch::kFloat);
  const auto each = binary(values, labels, class_weights);
  return (each * known * weights.unsqueeze(1)).sum() / known.sum().clamp_min(1);
}

}  // namespace evenray
