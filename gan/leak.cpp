// SPDX-License-Identifier: Apache-2.0
#include "gan/leak.hpp"

#include <torch/types.h>

#include <array>
#include <cmath>

namespace evenray {
namespace {

constexpr int64_t kFewestCompared = 8;
constexpr std::array kMeasures{
    "brightness", "contrast", "grey patch", "place down", "place across", "spread", "tilt"};

/// Returns the values [N] of each measure, in the order of kMeasures.
std::array<torch::Tensor, kMeasures.size()> measured(const torch::Tensor& images) {
  const auto x = images.to(torch::kFloat);
  const int64_t height = x.size(2), width = x.size(3);
  const auto brightness = x.mean({1, 2, 3});
  const auto contrast = x.flatten(1).std(1);
  // The patch with an eighth of the sides whose mean absolute value is lowest. Translation and
  // cutout fill with 0, so they leave a patch of exactly 0, the middle grey.
  const auto grey =
      torch::avg_pool2d(
          x.abs(), {std::max<int64_t>(2, height / 8), std::max<int64_t>(2, width / 8)}, 1)
          .amin({1, 2, 3});
  const auto options = torch::TensorOptions(torch::kFloat).device(x.device());
  const auto y = torch::linspace(-1, 1, height, options).view({1, 1, height, 1});
  const auto across = torch::linspace(-1, 1, width, options).view({1, 1, 1, width});
  // Moments need weights that are not negative.
  const auto mass = x - x.amin({1, 2, 3}, true);
  const auto total = mass.sum({1, 2, 3}) + 1e-6;
  const auto mean = [&](const torch::Tensor& of) { return (mass * of).sum({1, 2, 3}) / total; };
  const auto down = mean(y), right = mean(across);
  const auto yy = mean(y * y) - down * down, xx = mean(across * across) - right * right,
             xy = mean(y * across) - down * right;
  return {brightness,
          contrast,
          grey,
          down,
          right,
          (yy + xx).clamp_min(0).sqrt(),
          torch::atan2(2 * xy, xx - yy)};
}

/// Critical value of the two-sample Kolmogorov-Smirnov test at .001, asymptotic: equal
/// distributions exceed it once in a thousand times.
double critical(int64_t n, int64_t m) {
  const auto a = static_cast<double>(n), b = static_cast<double>(m);
  return std::sqrt(-std::log(.001 / 2) / 2 * (a + b) / (a * b));
}

}  // namespace

double kolmogorov_smirnov(const torch::Tensor& a, const torch::Tensor& b) {
  const auto first = std::get<0>(a.to(torch::kDouble).cpu().sort()),
             second = std::get<0>(b.to(torch::kDouble).cpu().sort());
  const auto all = torch::cat({first, second});
  const auto share = [&](const torch::Tensor& sorted) {
    return torch::searchsorted(sorted, all, /*out_int32=*/false, /*right=*/true)
               .to(torch::kDouble) /
           static_cast<double>(sorted.size(0));
  };
  return (share(first) - share(second)).abs().max().item<double>();
}

std::vector<Leak> augmentation_leaks(const torch::Tensor& real,
                                     const torch::Tensor& augmented,
                                     const torch::Tensor& drawn) {
  torch::NoGradGuard no_grad;
  std::vector<Leak> leaks;
  if (std::min(real.size(0), drawn.size(0)) < kFewestCompared) return leaks;
  const auto of_real = measured(real), of_augmented = measured(augmented),
             of_drawn = measured(drawn);
  for (size_t i = 0; i < kMeasures.size(); ++i) {
    const double augmented_to_real = kolmogorov_smirnov(of_augmented[i], of_real[i]);
    const Leak leak{kMeasures[i],
                    kolmogorov_smirnov(of_drawn[i], of_real[i]),
                    kolmogorov_smirnov(of_drawn[i], of_augmented[i])};
    if (augmented_to_real > critical(augmented.size(0), real.size(0)) &&
        leak.to_real > critical(drawn.size(0), real.size(0)) && leak.to_augmented < leak.to_real)
      leaks.push_back(leak);
  }
  return leaks;
}

}  // namespace evenray
