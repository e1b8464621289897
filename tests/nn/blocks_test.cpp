// SPDX-License-Identifier: Apache-2.0
#include "nn/blocks.hpp"

#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

torch::Tensor singular_values(const torch::Tensor& weight) {
  return torch::linalg_svdvals(weight.detach().flatten(1));
}

}  // namespace

TEST_CASE("spectral norm finds a known largest singular value") {
  SpectralConv2d layer(3, 3, std::vector<int64_t>{1, 1}, 1, 0, false);
  {
    torch::NoGradGuard no_grad;
    layer->named_parameters()["weight"].copy_(
        torch::diag(torch::tensor({3.f, 2.f, -1.f})).view({3, 3, 1, 1}));
  }
  const auto x = torch::ones({1, 3, 2, 2});
  for (int i = 0; i < 40; ++i) layer->forward(x);
  CHECK(largest_difference(layer->normalised_weight().flatten(1),
                           torch::diag(torch::tensor({1.f, 2.f / 3, -1.f / 3}))) < 1e-5);
}

TEST_CASE("a spectrally normalised convolution's weight has norm 1 after some forwards") {
  seed_torch(3);
  SpectralConv2d layer(4, 8, std::vector<int64_t>{4, 4}, 2, 1, true);
  const auto x = torch::randn({2, 4, 8, 8});
  for (int i = 0; i < 150; ++i) layer->forward(x);
  const auto weight = layer->normalised_weight();
  CHECK(singular_values(weight)[0].item<double>() == Approx(1).margin(2e-3));
  const auto parameters = layer->named_parameters();
  const auto y = layer->forward(x);
  CHECK(y.sizes() == std::vector<int64_t>{2, 8, 4, 4});
  CHECK(largest_difference(y, torch::conv2d(x, weight, parameters["bias"], 2, 1)) < 1e-4);
}

TEST_CASE("spectral norm: evaluation leaves the vector, training moves it") {
  seed_torch(4);
  SpectralConv2d layer(2, 5, std::vector<int64_t>{3, 3}, 1, 1, false);
  const auto x = torch::randn({1, 2, 6, 6});
  const auto u = layer->named_buffers()["u"];
  CHECK(u.norm().item<double>() == Approx(1).margin(1e-6));
  const auto before = u.clone();
  layer->eval();
  const auto first = layer->forward(x);
  CHECK(same(u, before));
  CHECK(same(layer->forward(x), first));
  layer->train();
  layer->forward(x);
  CHECK_FALSE(same(u, before));
}

TEST_CASE("spectral norm: the gradient is that of weight / norm") {
  seed_torch(5);
  SpectralConv2d layer(2, 3, std::vector<int64_t>{2, 2}, 1, 0, false);
  layer->to(torch::kDouble);
  for (int i = 0; i < 2000; ++i) layer->normalised_weight();
  const auto weight = layer->named_parameters()["weight"];
  const auto probe = wave(weight.numel(), 1).to(torch::kDouble).view(weight.sizes());
  const auto found =
      torch::autograd::grad({(layer->normalised_weight() * probe).sum()}, {weight})[0];
  torch::NoGradGuard no_grad;
  const auto value = [&](const torch::Tensor& w) {
    return ((w / singular_values(w)[0]) * probe).sum().item<double>();
  };
  const double step = 1e-6;
  for (int64_t i = 0; i < weight.numel(); ++i) {
    auto up = weight.clone(), down = weight.clone();
    up.view(-1)[i] += step;
    down.view(-1)[i] -= step;
    CHECK(found.view(-1)[i].item<double>() ==
          Approx((value(up) - value(down)) / (2 * step)).epsilon(1e-5).margin(1e-5));
  }
}

TEST_CASE("channels_last reaches weights with one channel") {
  struct Stem : torch::nn::Module {
    torch::nn::Conv2d first = register_module("first", conv(1, 8, 4));
    torch::nn::Conv2d second = register_module("second", conv(8, 6, 3));
    torch::nn::BatchNorm2d norm = register_module("norm", torch::nn::BatchNorm2d(6));
  } stem;
  const auto before = stem.first->weight.detach().clone();
  const auto handle = stem.first->weight;
  to_channels_last(stem);
  CHECK(stem.first->weight.strides() == std::vector<int64_t>{16, 1, 4, 1});
  CHECK(stem.second->weight.strides() == std::vector<int64_t>{72, 1, 24, 8});
  CHECK(same(stem.first->weight, before));
  CHECK(stem.first->weight.requires_grad());
  CHECK(handle.is_same(stem.first->weight));
}

TEST_CASE("a freeze ends with its guard") {
  BasicBlock block(2, 4, 2);
  const auto x = torch::randn({2, 2, 6, 6}).requires_grad_(true);
  {
    const FreezeGuard freeze(*block);
    for (const auto& p : block->parameters()) CHECK_FALSE(p.requires_grad());
    block->forward(x).sum().backward();
    CHECK(x.grad().defined());
  }
  for (const auto& p : block->parameters()) {
    CHECK(p.requires_grad());
    CHECK_FALSE(p.grad().defined());
  }
}

TEST_CASE("evaluation ends with its guard, and gives back the mode that was") {
  BasicBlock block(2, 4, 2);
  for (const bool training : {true, false}) {
    block->train(training);
    {
      const EvalGuard evaluation(*block);
      CHECK_FALSE(block->is_training());
    }
    CHECK(block->is_training() == training);
  }
}

TEST_CASE("convolutions keep the size at stride 1 and halve it at 2") {
  const auto x = torch::zeros({1, 1, 16, 12});
  CHECK(conv(1, 3, 5)->forward(x).sizes() == std::vector<int64_t>{1, 3, 16, 12});
  CHECK(conv(1, 3, 3, 2)->forward(x).sizes() == std::vector<int64_t>{1, 3, 8, 6});
  CHECK(conv(1, 3, 1, 2)->forward(x).sizes() == std::vector<int64_t>{1, 3, 8, 6});
  CHECK_FALSE(conv(1, 3, 3)->bias.defined());
}

TEST_CASE("Kaiming's deviation is the root of 2 / fan out") {
  seed_torch(6);
  struct Wide : torch::nn::Module {
    torch::nn::Conv2d layer = register_module("layer", conv(32, 64, 3));
  } wide;
  kaiming_init(wide);
  CHECK(wide.layer->weight.std().item<double>() == Approx(std::sqrt(2. / (64 * 9))).epsilon(.03));
  CHECK(wide.layer->weight.mean().item<double>() == Approx(0).margin(2e-3));
}

TEST_CASE("a basic block with zero convolutions is its shortcut, rectified") {
  BasicBlock block(3, 3, 1);
  CHECK(block->named_children().size() == 4);
  torch::NoGradGuard no_grad;
  for (auto& p : block->parameters()) {
    if (p.dim() == 4) p.zero_();
  }
  const auto x = torch::randn({2, 3, 5, 4});
  CHECK(same(block->forward(x), x.relu()));
  BasicBlock wider(3, 6, 2);
  CHECK(wider->forward(x).sizes() == std::vector<int64_t>{2, 6, 3, 2});
  CHECK(wider->named_children().size() == 5);
}
