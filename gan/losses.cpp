// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

using Logits = const torch::Tensor&;

/// Weight of the mean squared real logit, which keeps the logits from drifting away from 0: wgan-gp
/// depends on their differences only.
constexpr double kDrift = .001;

/// Converts to f32, because sums in bf16 are too coarse. Doubles stay double.
torch::Tensor f32(Logits x) { return x.scalar_type() == torch::kDouble ? x : x.to(torch::kFloat); }

/// Mean over the batch of -log sigmoid(x). softplus does not overflow for large logits, unlike the
/// logarithm of a sigmoid that has become 0.
torch::Tensor negative_log_sigmoid(const torch::Tensor& x) { return torch::softplus(-x).mean(); }

constexpr std::array kLosses{
    AdversarialLoss{"bce",
                    [](Logits real, Logits fake) {
                      return negative_log_sigmoid(f32(real)) + negative_log_sigmoid(-f32(fake));
                    },
                    [](Logits, Logits fake) { return negative_log_sigmoid(f32(fake)); }},
    AdversarialLoss{"hinge",
                    [](Logits real, Logits fake) {
                      return torch::relu(1 - f32(real)).mean() + torch::relu(1 + f32(fake)).mean();
                    },
                    [](Logits, Logits fake) { return -f32(fake).mean(); }},
    AdversarialLoss{"lsgan",
                    [](Logits real, Logits fake) {
                      return ((f32(real) - 1).square().mean() + f32(fake).square().mean()) / 2;
                    },
                    [](Logits, Logits fake) { return (f32(fake) - 1).square().mean() / 2; }},
    AdversarialLoss{"wgan-gp",
                    [](Logits real, Logits fake) {
                      return f32(fake).mean() - f32(real).mean() +
                             kDrift * f32(real).square().mean();
                    },
                    [](Logits, Logits fake) { return -f32(fake).mean(); }},
    AdversarialLoss{
        "relativistic",
        [](Logits real, Logits fake) { return negative_log_sigmoid(f32(real) - f32(fake)); },
        [](Logits real, Logits fake) { return negative_log_sigmoid(f32(fake) - f32(real)); },
        /*paired=*/true}};

/// Gradient [B,pixels] of each image's logit, in f32. One backward pass of the sum gives all of
/// them, since an image's logit does not depend on the other images (except by batch norm and
/// minibatch stddev). The graph is kept so that the penalties can be differentiated.
torch::Tensor gradient_of(const torch::Tensor& logits, const torch::Tensor& images) {
  return f32(torch::autograd::grad({f32(logits).sum()}, {images}, {}, true, true)[0]).flatten(1);
}

}  // namespace

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const auto& loss : kLosses) names.emplace_back(loss.name);
  return names;
}

const AdversarialLoss& loss_named(const std::string& name) {
  for (const auto& loss : kLosses) {
    if (loss.name == name) return loss;
  }
  throw Error(Exit::config, "gan.loss: " + unknown_name("loss", name, loss_names()));
}

torch::Tensor r1_penalty(const torch::Tensor& logits, const torch::Tensor& images) {
  return gradient_of(logits, images).square().sum(1).mean();
}

torch::Tensor lecam_penalty(const torch::Tensor& real,
                            const torch::Tensor& fake,
                            const torch::Tensor& real_anchor,
                            const torch::Tensor& fake_anchor) {
  return torch::relu(real - fake_anchor).square().mean() +
         torch::relu(real_anchor - fake).square().mean();
}

torch::Tensor gradient_penalty(const torch::Tensor& logits,
                               const torch::Tensor& images,
                               double target) {
  // norm() has the derivative 0 where the gradient is 0; the root of a sum of squares would give
  // NaN there.
  const auto norm = gradient_of(logits, images).norm(2, {1});
  return ((norm - target) / target).square().mean();
}

}  // namespace evenray
