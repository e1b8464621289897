// SPDX-License-Identifier: Apache-2.0
#include "detector/loss.hpp"

#include <cmath>

#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("quality focal loss by hand") {
  // At a score of .5: log 2 times the square of the distance from .5.
  const auto loss = quality_focal_loss(torch::zeros({4}), torch::tensor({0.f, .5f, .75f, 1.f}));
  CHECK(largest_difference(loss, std::log(2.) * torch::tensor({.25, 0., .0625, .25})) < 1e-7);
  const double score = 1 / (1 + std::exp(-2.));
  CHECK(quality_focal_loss(torch::tensor({2.f}), torch::tensor({0.f})).item<double>() ==
        Approx(-score * score * std::log(1 - score)));
}

TEST_CASE("distribution focal loss by hand") {
  auto logits = torch::zeros({1, 4 * kBins});
  // Equal shares: log 8 for every distance.
  CHECK(distribution_focal_loss(logits, torch::tensor({{0.f, 1.f, 2.5f, 6.9f}})).item<double>() ==
        Approx(std::log(8.)));
  // 2.25 lies between 2 and 3: three quarters and one quarter.
  logits[0][2] = 1.f;
  logits[0][3] = 2.f;
  const double sum = std::log(6 + std::exp(1.) + std::exp(2.));
  const double first = .75 * (sum - 1) + .25 * (sum - 2);
  CHECK(distribution_focal_loss(logits, torch::full({1, 4}, 2.25f)).item<double>() ==
        Approx((first + 3 * std::log(8.)) / 4));
}

TEST_CASE("generalised overlap by hand, and its gradient") {
  const auto a = torch::tensor({{0.f, 0.f, 2.f, 2.f}, {0.f, 0.f, 1.f, 1.f}, {0.f, 0.f, 1.f, 1.f}});
  const auto b = torch::tensor({{1.f, 1.f, 3.f, 3.f}, {0.f, 0.f, 1.f, 1.f}, {2.f, 0.f, 3.f, 1.f}});
  // 1/7 - (9 - 7) / 9; equal boxes; boxes apart: 0 - (3 - 2) / 3.
  const auto expected = torch::tensor({1 - 1. / 7 + 2. / 9, 0., 1 + 1. / 3});
  CHECK(largest_difference(giou_loss(a, b), expected) < 1e-6);
  auto moving = a.to(torch::kDouble).clone().set_requires_grad(true);
  const auto target = b.to(torch::kDouble);
  const auto gradient = torch::autograd::grad({giou_loss(moving, target).sum()}, {moving})[0];
  constexpr double kStep = 1e-6;
  for (int64_t k = 0; k < 4; ++k) {
    auto up = a.to(torch::kDouble).clone(), down = up.clone();
    up[0][k] += kStep;
    down[0][k] -= kStep;
    const double slope =
        (giou_loss(up, target)[0] - giou_loss(down, target)[0]).item<double>() / (2 * kStep);
    CHECK(gradient[0][k].item<double>() == Approx(slope).margin(1e-6));
  }
}

TEST_CASE("distances become boxes") {
  auto logits = torch::full({1, 4 * kBins}, -30.f);
  for (int64_t side = 0; side < 4; ++side) logits[0][side * kBins + side + 1] = 30.f;
  const auto distances = mean_distances(logits);
  CHECK(largest_difference(distances, torch::tensor({{1., 2., 3., 4.}})) < 1e-5);
  const auto boxes = boxes_at(torch::tensor({{20.f, 24.f}}), torch::tensor({{4.f}}), distances);
  CHECK(largest_difference(boxes, torch::tensor({{16., 16., 32., 40.}})) < 1e-4);
}

TEST_CASE("a minibatch without boxes has the loss of its scores only") {
  const Points points(32, 32);
  const PointTensors tensors(points, torch::kCPU);
  PointOutputs outputs{torch::zeros({2, points.size(), 1}).set_requires_grad(true),
                       torch::zeros({2, points.size(), 4 * kBins}).set_requires_grad(true)};
  const auto loss = detector_loss(outputs, points, tensors, {{}, {}}, "soft", 1);
  CHECK(loss.quality.item<double>() ==
        Approx(2 * static_cast<double>(points.size()) * std::log(2.) / 4));
  CHECK(loss.overlap.item<double>() == 0);
  CHECK(loss.distribution.item<double>() == 0);
  loss.total().backward();
  CHECK(outputs.sides.grad().abs().sum().item<double>() == 0);
}

TEST_CASE("boxes are decoded in full precision under bf16") {
  seed_torch(2);
  DetectOptions options;
  options.size = "nano";
  options.least_score = 0;
  options.most_boxes = 1;
  DetectorNet net(options, /*classes=*/1, /*threads=*/1);
  net.eval();
  torch::NoGradGuard no_grad;
  net.named_parameters()["head.side_output.bias"].uniform_(-2, 2);
  const auto images = wave(64 * 64, 1).view({1, 1, 64, 64});
  PointOutputs outputs;
  std::vector<std::vector<FoundBox>> found;
  {
    const Autocast autocast(Compute{torch::kCPU, true, 1});
    outputs = net.forward(images);
    found = net.find(images, /*masks=*/false);
  }
  REQUIRE(found[0].size() == 1);
  const PixelBox& box = found[0][0].box;
  const Points points(64, 64);
  const PointTensors at(points, torch::kCPU);
  const auto decoded =
      boxes_at(at.centres, at.strides, mean_distances(outputs.sides.to(torch::kFloat)))[0].clamp(
          0, 64);
  const auto own = torch::tensor({box.x, box.y, box.x + box.width, box.y + box.height});
  CHECK(std::get<0>((decoded - own).abs().max(1)).min().item<double>() < 1e-4);
}
