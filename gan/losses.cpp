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

/// Weight of the mean squared real score, which keeps the scores from drifting away.
constexpr double kDrift = .001;

/// Sums of bf16 are too coarse; doubles stay.
torch::Tensor f32(Logits x) { return x.scalar_type() == torch::kDouble ? x : x.to(torch::kFloat); }

/// -log sigmoid(x), the mean over the batch.
torch::Tensor surprise(const torch::Tensor& x) { return torch::softplus(-x).mean(); }

constexpr std::array kLosses{
    AdversarialLoss{
        "bce",
        [](Logits real, Logits fake) { return surprise(f32(real)) + surprise(-f32(fake)); },
        [](Logits, Logits fake) { return surprise(f32(fake)); }},
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
    AdversarialLoss{"relativistic",
                    [](Logits real, Logits fake) { return surprise(f32(real) - f32(fake)); },
                    [](Logits real, Logits fake) { return surprise(f32(fake) - f32(real)); },
                    /*paired=*/true}};

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
  // Unlike a root of squares it has a slope, 0, where a gradient is 0.
  const auto norm = gradient_of(logits, images).norm(2, {1});
  return ((norm - target) / target).square().mean();
}

}  // namespace evenray
