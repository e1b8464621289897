// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("the losses by hand") {
  const auto real = torch::tensor({0.f, 2.f, -3.f}), fake = torch::tensor({1.f, -1.f, .5f});
  const auto mean = [](const torch::Tensor& logits, double (*of)(double)) {
    double sum = 0;
    for (int64_t i = 0; i < logits.size(0); ++i) sum += of(logits[i].item<double>());
    return sum / static_cast<double>(logits.size(0));
  };
  constexpr auto surprise = [](double x) { return std::log1p(std::exp(-x)); };
  constexpr auto denial = [](double x) { return std::log1p(std::exp(x)); };
  constexpr auto self = [](double x) { return x; };
  const double both = mean(real - fake, surprise), other = mean(fake - real, surprise);
  const double squares = mean(real, [](double x) { return x * x; });
  const std::map<std::string, std::pair<double, double>> expected{
      {"bce", {mean(real, surprise) + mean(fake, denial), mean(fake, surprise)}},
      {"hinge",
       {mean(real, [](double x) { return std::max(0., 1 - x); }) +
            mean(fake, [](double x) { return std::max(0., 1 + x); }),
        -mean(fake, self)}},
      {"lsgan",
       {(mean(real, [](double x) { return (x - 1) * (x - 1); }) +
         mean(fake, [](double x) { return x * x; })) /
            2,
        mean(fake, [](double x) { return (x - 1) * (x - 1) / 2; })}},
      {"wgan-gp", {mean(fake, self) - mean(real, self) + .001 * squares, -mean(fake, self)}},
      {"relativistic", {both, other}}};
  for (const auto& name : loss_names()) {
    INFO(name);
    const AdversarialLoss& loss = loss_named(name);
    const auto [d, g] = expected.at(name);
    CHECK(loss.discriminator(real, fake).item<double>() == Approx(d).epsilon(1e-6));
    CHECK(loss.generator(real, fake).item<double>() == Approx(g).epsilon(1e-6));
    const auto coarse = real.to(torch::kBFloat16);
    CHECK(loss.discriminator(coarse, coarse).scalar_type() == torch::kFloat);
    CHECK(loss.generator(coarse, coarse).scalar_type() == torch::kFloat);
    // All but relativistic's look at the fake images alone.
    CHECK(loss.paired == (name == "relativistic"));
    if (!loss.paired) CHECK(loss.generator({}, fake).item<double>() == Approx(g).epsilon(1e-6));
  }
  CHECK(loss_named("bce").generator({}, torch::tensor({-200.f})).item<double>() == 200);
  CHECK(loss_named("bce").generator({}, torch::tensor({200.f})).item<double>() == 0);
  const Error error = error_of([] { loss_named("hing"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "gan.loss: unknown loss 'hing'"));
}

TEST_CASE("penalties in double precision are those of autograd to 1e-8") {
  const auto w = wave(12, 1).to(torch::kDouble).view({12}).requires_grad_(true);
  const auto x = wave(5 * 12, 2).to(torch::kDouble).view({5, 1, 3, 4}).requires_grad_(true);
  const auto logits = [&] { return x.flatten(1).matmul(w).tanh(); };
  const auto slope = (1 - logits().square()).detach();
  const auto square = slope.square() * w.detach().square().sum();
  const double r1 = square.mean().item<double>();
  CHECK(std::abs(r1_penalty(logits(), x).item<double>() - r1) < 1e-8 * r1);
  for (const double target : {1., 750.}) {
    const double expected = ((square.sqrt() - target) / target).square().mean().item<double>();
    const auto found = gradient_penalty(logits(), x, target);
    CHECK(std::abs(found.item<double>() - expected) < 1e-8 * expected);
    // The gradient to the weights, against a difference quotient.
    const auto gradient = torch::autograd::grad({found}, {w})[0];
    torch::NoGradGuard no_grad;
    const double step = 1e-6;
    for (const int64_t i : {0, 7}) {
      std::array<double, 2> sides{};
      for (const int side : {0, 1}) {
        w[i] += side == 0 ? -step : 2 * step;
        torch::AutoGradMode grad(true);
        sides[static_cast<size_t>(side)] = gradient_penalty(logits(), x, target).item<double>();
      }
      w[i] -= step;
      CHECK(gradient[i].item<double>() == Approx((sides[1] - sides[0]) / (2 * step)).epsilon(1e-5));
    }
  }
}

TEST_CASE("the gradient penalty has a slope also where an image has none") {
  const auto w = torch::zeros({6}).requires_grad_(true);
  const auto x = wave(2 * 6, 2).view({2, 6}).requires_grad_(true);
  const auto penalty = gradient_penalty(x.matmul(w), x, 1);
  CHECK(penalty.item<double>() == 1);
  CHECK(same(torch::autograd::grad({penalty}, {w})[0], torch::zeros({6})));
}

TEST_CASE("LeCam's regulariser by hand") {
  const auto real = torch::tensor({2.f, -1.f}), fake = torch::tensor({.5f, -3.f});
  // Anchors 1 (real) and -.5 (drawn): relu(2.5)^2 and 0; relu(.5)^2 and relu(4)^2.
  CHECK(lecam_penalty(real, fake, torch::tensor(1.f), torch::tensor(-.5f)).item<double>() ==
        Approx((6.25 + 0) / 2 + (.25 + 16) / 2));
}

TEST_CASE("R1 of a linear discriminator is its squared weight") {
  const auto w = wave(12, 1).view({1, 3, 4}).requires_grad_(true);
  for (const int64_t batch : {1, 5}) {
    const auto x = wave(batch * 12, 2).view({batch, 1, 3, 4}).requires_grad_(true);
    const auto penalty = r1_penalty((x * w).sum({1, 2, 3}), x);
    CHECK(penalty.item<double>() == Approx(w.square().sum().item<double>()).epsilon(1e-6));
    CHECK(largest_difference(torch::autograd::grad({penalty}, {w})[0], 2 * w) < 1e-6);
  }
}

TEST_CASE("R1's gradient to the weights is that of the penalty written out") {
  const auto w = wave(6, .3).requires_grad_(true);
  const auto x = wave(4 * 6, 2).view({4, 6}).requires_grad_(true);
  const auto found = r1_penalty((x.matmul(w)).tanh(), x);
  const auto w64 = w.detach().to(torch::kDouble).requires_grad_(true);
  const auto slope = 1 - x.detach().to(torch::kDouble).matmul(w64).tanh().square();
  const auto expected = (slope.square() * w64.square().sum()).mean();
  CHECK(found.item<double>() == Approx(expected.item<double>()).epsilon(1e-6));
  CHECK(largest_difference(torch::autograd::grad({found}, {w})[0],
                           torch::autograd::grad({expected}, {w64})[0]) < 1e-5);
}
