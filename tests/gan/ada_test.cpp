// SPDX-License-Identifier: Apache-2.0
#include "gan/ada.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

constexpr int64_t kAdaHeight = 24, kAdaWidth = 16;

torch::Tensor ada_pictures(int64_t count) {
  return wave(count * kAdaHeight * kAdaWidth, 2).view({count, 1, kAdaHeight, kAdaWidth});
}

Ada with_strength(double p) {
  Ada ada({}, torch::kCPU);
  ada.state()[0] = p;
  return ada;
}

}  // namespace

TEST_CASE("ada begins without any augmentation, and at full strength changes every image") {
  const auto x = ada_pictures(40);
  CHECK(largest_difference(with_strength(0).apply(x, Rng(1)), x) < 1e-5);
  const auto y = with_strength(1.1).apply(x, Rng(1));
  CHECK(y.sizes() == x.sizes());
  CHECK(((y - x).abs().amax({1, 2, 3}) > .01).all().item<bool>());
  // In between, an image escapes all seven operations with probability (1 - p)^7.
  const auto some = with_strength(.1).apply(ada_pictures(400), Rng(2));
  const auto kept = ((some - ada_pictures(400)).abs().amax({1, 2, 3}) < 1e-4).to(torch::kDouble);
  CHECK(kept.mean().item<double>() == Approx(std::pow(.9, 7)).margin(.1));
}

TEST_CASE("geometry brings in nothing from outside: a flat image stays flat") {
  const auto flat = torch::full({200, 1, kAdaHeight, kAdaWidth}, .25);
  const auto toned = with_strength(1.1).apply(flat, Rng(3));
  CHECK((toned.amax({1, 2, 3}) - toned.amin({1, 2, 3})).max().item<double>() < 1e-5);
  // (x + b) c with b from N(0,.2) and c = 2^N(0,.5): the median of c is 1.
  CHECK(toned.median().item<double>() == Approx(.25).margin(.06));
  CHECK(toned.std().item<double>() > .1);
}

TEST_CASE("geometry keeps the middle of a scene in sight") {
  // A bright disc in the middle: shifts of an eighth and their like leave most of it there.
  const auto y = torch::arange(kAdaHeight).view({-1, 1}) - (kAdaHeight - 1) / 2.;
  const auto x = torch::arange(kAdaWidth).view({1, -1}) - (kAdaWidth - 1) / 2.;
  const auto disc =
      ((y * y + x * x) < 16).to(torch::kFloat).expand({300, 1, kAdaHeight, kAdaWidth});
  const auto moved = with_strength(1.1).apply(disc, Rng(4));
  const auto mass = moved - moved.amin({1, 2, 3}, true);
  const auto total = mass.sum({1, 2, 3});
  const auto middle_y = (mass * y).sum({1, 2, 3}) / total;
  const auto middle_x = (mass * x).sum({1, 2, 3}) / total;
  CHECK(middle_y.mean().item<double>() == Approx(0).margin(.6));
  CHECK(middle_x.mean().item<double>() == Approx(0).margin(.6));
  CHECK(middle_y.std().item<double>() > .5);
  CHECK(middle_y.abs().max().item<double>() < kAdaHeight / 2.);
}

TEST_CASE("ada is a function of its stream and differentiable twice") {
  const auto x = ada_pictures(3).to(torch::kDouble).requires_grad_(true);
  const Ada ada = with_strength(.9);
  CHECK(same(ada.apply(x.detach(), Rng(5)), ada.apply(x.detach(), Rng(5))));
  CHECK_FALSE(same(ada.apply(x.detach(), Rng(5)), ada.apply(x.detach(), Rng(6))));
  const auto direction = wave(x.numel(), 3).to(torch::kDouble).view(x.sizes());
  const auto slope = [&](const torch::Tensor& at) {
    return torch::autograd::grad({ada.apply(at, Rng(7)).pow(3).sum()}, {at}, {}, true, true)[0];
  };
  const auto along = torch::autograd::grad({(slope(x) * direction).sum()}, {x})[0];
  const double step = 1e-5;
  const auto moved_by = [&](double by) {
    return slope((x.detach() + by * direction).requires_grad_(true)).detach();
  };
  CHECK(largest_difference(along, (moved_by(step) - moved_by(-step)) / (2 * step)) < 1e-5);
  CHECK(along.abs().max().item<double>() > .1);
}

TEST_CASE("ada's strength moves every fourth minibatch, towards its target, within its bounds") {
  AdaOptions options;
  options.kimg = .1;  // 100 images: 4 minibatches of 5 move p by .2
  Ada ada(options, torch::kCPU);
  const auto seen = [&](float logit) {
    for (int i = 0; i < 4; ++i) ada.observe(torch::full({5}, logit));
    return ada.state()[0].item<double>();
  };
  ada.observe(torch::full({5}, 2.f));
  CHECK(ada.state()[0].item<double>() == 0);
  for (int i = 0; i < 3; ++i) ada.observe(torch::full({5}, 2.f));
  CHECK(ada.state()[0].item<double>() == Approx(.2));
  CHECK(seen(1) == Approx(.4));
  CHECK(seen(-1) == Approx(.2));
  for (int i = 0; i < 8; ++i) seen(1);
  CHECK(ada.state()[0].item<double>() == Approx(.8));
  for (int i = 0; i < 8; ++i) seen(-1);
  CHECK(ada.state()[0].item<double>() == 0);
}
