// SPDX-License-Identifier: Apache-2.0
#include "gan/networks.hpp"

#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("the sides that a generator can draw") {
  const auto plan = [](int height, int width) {
    const SizePlan size = plan_size(height, width);
    CHECK(size.base_height << size.doublings == height);
    CHECK(size.base_width << size.doublings == width);
    return std::array{size.base_height, size.base_width, size.doublings};
  };
  CHECK(plan(64, 64) == std::array{4, 4, 4});
  CHECK(plan(80, 64) == std::array{5, 4, 4});
  CHECK(plan(64, 80) == std::array{4, 5, 4});
  CHECK(plan(160, 128) == std::array{5, 4, 5});
  CHECK(plan(16, 16) == std::array{4, 4, 2});
  CHECK(plan(24, 16) == std::array{6, 4, 2});
  CHECK(plan(512, 256) == std::array{8, 4, 6});
}

TEST_CASE("other sides are refused") {
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{8, 8},
                                                                      {63, 64},
                                                                      {72, 64},
                                                                      {64, 72},
                                                                      {48, 48},
                                                                      {100, 80},
                                                                      {0, 0},
                                                                      {-64, -64},
                                                                      {0, 64}}) {
    INFO(height << "x" << width);
    const Error error = error_of([&, h = height, w = width] { plan_size(h, w); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(),
                   cat("a generator cannot draw images of ", height, "x", width, " px")));
  }
  CHECK(error_of([] { make_generator({}, 48, 48); }).code() == Exit::config);
  CHECK(error_of([] { make_discriminator({}, 48, 48); }).code() == Exit::config);
}

TEST_CASE("an unknown family is named with those that are known") {
  GanOptions options;
  options.family = "dcgun";
  const Error error = error_of([&] { make_generator(options, 64, 64); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown generator family 'dcgun' (known: dcgan"));
  CHECK(error_of([&] { make_discriminator(options, 64, 64); }).code() == Exit::config);
}

TEST_CASE("latent vector i is the same however the numbers are cut") {
  const Rng rng(4);
  const auto all = latents(rng, 0, 10, 7);
  CHECK(same(latents(rng, 5, 1, 7), all.slice(0, 5, 6)));
  CHECK(same(latents(rng, 3, 4, 7), all.slice(0, 3, 7)));
  CHECK_FALSE(same(latents(Rng(5), 0, 10, 7), all));
  const auto many = latents(rng, 0, 400, 100);
  CHECK(many.mean().item<double>() == Approx(0).margin(.02));
  CHECK(many.std().item<double>() == Approx(1).margin(.02));
}

TEST_CASE("networks of large images draw and judge them, channels on the way as planned") {
  torch::NoGradGuard no_grad;
  GanOptions options;
  options.dcgan.ngf = options.dcgan.ndf = 2;
  options.latent = 5;
  options.pggan.fmap_base = 64;
  options.pggan.fmap_max = 8;
  options.pggan.stddev_group = 1;
  const auto check_sides = [&](int height, int width) {
    INFO(options.family << " " << height << "x" << width);
    const auto drawn = make_generator(options, height, width)->forward(latents(Rng(1), 0, 2, 5));
    CHECK(drawn.sizes() == std::vector<int64_t>{2, 1, height, width});
    CHECK(make_discriminator(options, height, width)->forward(drawn).sizes() ==
          std::vector<int64_t>{2});
  };
  check_sides(256, 256);
  options.dcgan.residual = options.dcgan.spectral_norm = true;
  check_sides(160, 128);
  options.dcgan.residual = options.dcgan.spectral_norm = false;
  options.family = "pggan";
  for (const int side : {128, 256, 512, 1024}) check_sides(side, side);
  check_sides(320, 256);
}

TEST_CASE("standing statistics take turns through more classes than a minibatch has images") {
  seed_torch(2);
  GanOptions options;
  options.dcgan.ngf = 4;
  options.latent = 5;
  options.conditioning = "projection";
  const auto statistics = [&](const torch::Tensor& labels) {
    seed_torch(2);
    const auto net = make_generator(options, 16, 16, 6);
    standing_statistics(*net, Rng(6), 4, 5, 3, torch::kCPU, labels);
    return net->named_buffers()["body.1.running_mean"].clone();
  };
  const auto labels = labels_in_turn(0, 12, 6);
  auto last_class_silent = labels.clone();
  last_class_silent.select(1, 5).zero_();
  CHECK_FALSE(same(statistics(labels), statistics(last_class_silent)));
}

TEST_CASE("standing statistics are the plain mean over their batches") {
  seed_torch(2);
  GanOptions options;
  options.dcgan.ngf = 4;
  options.latent = 5;
  const auto net = make_generator(options, 16, 16);
  const Rng rng(6);
  net->forward(latents(Rng(1), 0, 8, 5));  // leaves statistics that must not count
  standing_statistics(*net, rng, 8, 5, 3, torch::kCPU);
  CHECK_FALSE(net->is_training());
  const auto weight = net->named_parameters()["body.0.weight"];
  torch::Tensor sum_mean = torch::zeros({8}), sum_variance = torch::zeros({8});
  for (int64_t i = 0; i < 3; ++i) {
    const auto x = torch::conv_transpose2d(latents(rng, 8 * i, 8, 5).view({8, 5, 1, 1}), weight);
    sum_mean += x.mean({0, 2, 3}).detach();
    sum_variance += x.var({0, 2, 3}).detach();
  }
  const auto buffers = net->named_buffers();
  CHECK(largest_difference(buffers["body.1.running_mean"], sum_mean / 3) < 1e-6);
  CHECK(largest_difference(buffers["body.1.running_var"], sum_variance / 3) < 1e-6);
  // Training afterwards goes on with the usual momentum.
  net->train();
  const auto before = buffers["body.1.running_mean"].clone();
  const auto z = latents(rng, 100, 8, 5);
  net->forward(z);
  const auto mean = torch::conv_transpose2d(z.view({8, 5, 1, 1}), weight).mean({0, 2, 3});
  CHECK(largest_difference(buffers["body.1.running_mean"], before * .9 + mean * .1) < 1e-6);
}
