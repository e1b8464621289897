// SPDX-License-Identifier: Apache-2.0
#include "gan/ada.hpp"

#include <torch/types.h>

#include <functional>
#include <numbers>

#include "nn/loader.hpp"

namespace evenray {
namespace {

/// With a larger p almost all images are augmented, and G learns to draw augmented images (Karras
/// et al. 2020, section 2.2).
constexpr double kLargestStrength = .8;

/// Minibatches between two changes of p.
constexpr int64_t kEvery = 4;

/// Draws a random parameter of an operation.
using Draw = std::function<double(Rng&)>;

/// Maps pixel indices beyond the borders into the image, which is mirrored there without repeating
/// the border pixel.
torch::Tensor mirrored(const torch::Tensor& index, int64_t side) {
  const int64_t period = 2 * (side - 1);
  const auto within = index.remainder(period);
  return torch::minimum(within, period - within);
}

/// Returns `images` sampled at the positions y, x [B,H,W] in pixels, bilinear. Uses gather, because
/// R1 needs second derivatives and torch's grid_sample has none.
torch::Tensor sampled(const torch::Tensor& images, const torch::Tensor& y, const torch::Tensor& x) {
  const int64_t batch = images.size(0), height = images.size(2), width = images.size(3);
  const auto flat = images.reshape({batch, height * width});
  const auto top = y.floor(), left = x.floor();
  const auto type = images.scalar_type();
  const auto down = (y - top).flatten(1).to(type), right = (x - left).flatten(1).to(type);
  const auto at = [&](int64_t dy, int64_t dx) {
    const auto row = mirrored(top.to(torch::kLong) + dy, height);
    const auto column = mirrored(left.to(torch::kLong) + dx, width);
    return flat.gather(1, (row * width + column).flatten(1));
  };
  const auto upper = torch::lerp(at(0, 0), at(0, 1), right);
  const auto lower = torch::lerp(at(1, 0), at(1, 1), right);
  return torch::lerp(upper, lower, down).view(images.sizes());
}

}  // namespace

Ada::Ada(const AdaOptions& options, torch::Device device)
    : options_(options),
      state_(torch::zeros({3}, torch::TensorOptions(torch::kFloat).device(device))) {}

torch::Tensor Ada::apply(const torch::Tensor& images, const Rng& rng) const {
  const int64_t batch = images.size(0), height = images.size(2), width = images.size(3);
  const auto h = static_cast<double>(height), w = static_cast<double>(width);
  const auto shift = [](double side) {
    return [side](Rng& s) { return std::round(s.uniform(-.125, .125) * side); };
  };
  const auto power = [](double deviation) {
    return [deviation](Rng& s) { return std::exp2(deviation * s.normal()); };
  };
  const auto normal = [](double deviation) {
    return [deviation](Rng& s) { return deviation * s.normal(); };
  };
  constexpr double kTurn = std::numbers::pi / 12;
  struct Operation {
    const char* name;
    double identity;
    std::vector<Draw> draws;
  };
  const std::vector<Operation> operations{
      {"whole shift", 0, {shift(h), shift(w)}},
      {"scale", 1, {power(.2)}},
      {"turn", 0, {[](Rng& s) { return s.uniform(-kTurn, kTurn); }}},
      {"stretch", 1, {power(.2)}},
      {"shift", 0, {normal(.125 * h), normal(.125 * w)}},
      {"brightness", 0, {normal(.2)}},
      {"contrast", 1, {power(.5)}}};
  // All draws are copied to the device at once. Of each operation first the numbers that are
  // compared with p, then the parameters. p is on the device, so nothing has to wait for it.
  std::vector<float> numbers;
  for (const auto& operation : operations) {
    Rng stream = rng.fork(operation.name);
    for (int64_t i = 0; i < batch; ++i) numbers.push_back(static_cast<float>(stream.uniform()));
    for (const auto& draw : operation.draws)
      for (int64_t i = 0; i < batch; ++i) numbers.push_back(static_cast<float>(draw(stream)));
  }
  const auto drawn = to_device(torch::tensor(numbers), images.device()).view({-1, batch, 1, 1});
  const auto p = state_[0];
  std::vector<torch::Tensor> values;
  int64_t next = 0;
  for (const auto& operation : operations) {
    const auto done = drawn[next++] < p;
    for (size_t i = 0; i < operation.draws.size(); ++i)
      values.push_back(torch::where(done, drawn[next++], operation.identity));
  }
  enum { whole_y, whole_x, scale, turn, stretch, shift_y, shift_x, brightness, contrast };

  // The source position of each pixel of the result, relative to the middle of the image. Hence the
  // inverse of each operation.
  const auto options = torch::TensorOptions(torch::kFloat).device(images.device());
  const auto y = torch::arange(height, options).view({1, height, 1}) - (h - 1) / 2 -
                 values[whole_y] - values[shift_y];
  const auto x = torch::arange(width, options).view({1, 1, width}) - (w - 1) / 2 - values[whole_x] -
                 values[shift_x];
  const auto cosine = values[turn].cos(), sine = values[turn].sin();
  const auto from_y = (cosine * y + sine * x) / (values[scale] * values[stretch]);
  const auto from_x = (cosine * x - sine * y) / values[scale] * values[stretch];
  const auto moved = sampled(images, from_y + (h - 1) / 2, from_x + (w - 1) / 2);
  const auto tone = [&](int which) { return values[static_cast<size_t>(which)].unsqueeze(1); };
  return ((moved + tone(brightness)) * tone(contrast)).contiguous(at::MemoryFormat::ChannelsLast);
}

void Ada::observe(const torch::Tensor& real_logits) {
  torch::NoGradGuard no_grad;
  // Tensor operations instead of branches: reading the values would wait for the device.
  state_[1] += real_logits.detach().to(torch::kFloat).sign().mean();
  state_[2] += 1;
  const auto due = state_[2] >= kEvery;
  const double step = static_cast<double>(kEvery * real_logits.size(0)) / (options_.kimg * 1000);
  const auto up = (state_[1] / static_cast<double>(kEvery) - options_.target).sign();
  const auto p = (state_[0] + up * step).clamp(0, kLargestStrength);
  state_[0].copy_(torch::where(due, p, state_[0]));
  state_.slice(0, 1).masked_fill_(due, 0);
}

}  // namespace evenray
