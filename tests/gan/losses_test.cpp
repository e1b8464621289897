// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("binary cross-entropy by hand") {
  const auto logits = torch::tensor({0.f, 2.f, -3.f});
  const double ln2 = std::log(2.);
  CHECK(bce(logits, true).item<double>() ==
        Approx((ln2 + std::log1p(std::exp(-2.)) + std::log1p(std::exp(3.))) / 3).epsilon(1e-6));
  CHECK(bce(logits, false).item<double>() ==
        Approx((ln2 + std::log1p(std::exp(2.)) + std::log1p(std::exp(-3.))) / 3).epsilon(1e-6));
  CHECK(bce(torch::tensor({-200.f}), true).item<double>() == 200);
  CHECK(bce(torch::tensor({200.f}), true).item<double>() == 0);
  CHECK(bce(logits.to(torch::kBFloat16), true).scalar_type() == torch::kFloat);
}

TEST_CASE("the gradient of the cross-entropy is sigmoid minus target over the batch") {
  const auto logits = torch::tensor({0.f, 2.f, -3.f}).requires_grad_(true);
  for (const bool real : {true, false}) {
    const auto gradient = torch::autograd::grad({bce(logits, real)}, {logits})[0];
    CHECK(largest_difference(gradient, (logits.sigmoid() - (real ? 1. : 0.)) / 3) < 1e-7);
  }
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
