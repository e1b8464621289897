// SPDX-License-Identifier: Apache-2.0
#include "gan/networks.hpp"
#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

GanOptions narrow(int64_t width) {
  GanOptions options;
  options.dcgan.ngf = options.dcgan.ndf = width;
  options.latent = 9;
  return options;
}

}  // namespace

TEST_CASE("the 64 px DCGAN has the published parameters under the published names") {
  seed_torch(1);
  const auto g = make_generator({}, 64, 64);
  const auto d = make_discriminator({}, 64, 64);
  CHECK(parameter_count(*g) == 3'574'656);
  CHECK(parameter_count(*d) == 2'763'520);
  CHECK("generator\n" + keys_text(*g) + "discriminator\n" + keys_text(*d) ==
        read_file(golden_path("gan/dcgan_keys.txt")));
}

TEST_CASE("DCGAN starts from N(0, .02) and batch norm from N(1, .02)") {
  seed_torch(3);
  for (const auto& net : std::initializer_list<std::shared_ptr<torch::nn::Module>>{
           make_generator({}, 64, 64), make_discriminator({}, 64, 64)}) {
    for (const auto& item : net->named_parameters()) {
      const auto& p = item.value();
      INFO(item.key());
      if (item.key().ends_with("bias")) {
        CHECK(same(p.detach(), torch::zeros_like(p)));
        continue;
      }
      // Four standard errors.
      const double n = static_cast<double>(p.numel());
      CHECK(p.mean().item<double>() == Approx(p.dim() == 1 ? 1 : 0).margin(4 * .02 / std::sqrt(n)));
      CHECK(p.std().item<double>() == Approx(.02).margin(4 * .02 / std::sqrt(2 * n)));
    }
  }
}

TEST_CASE("the weights are a function of the seed") {
  const auto digest = [](uint64_t seed) {
    seed_torch(seed);
    std::map<std::string, torch::Tensor> tensors;
    for (const auto& item : make_generator(narrow(4), 32, 32)->named_parameters())
      tensors[item.key()] = item.value();
    return tensor_digest(tensors);
  };
  CHECK(digest(5) == digest(5));
  CHECK(digest(5) != digest(6));
}

TEST_CASE("DCGAN draws and judges every size of its plan") {
  seed_torch(4);
  for (const auto& [height, width] : std::vector<std::pair<int64_t, int64_t>>{
           {16, 16}, {24, 16}, {32, 48}, {64, 64}, {160, 128}}) {
    for (const bool spectral : {false, true}) {
      INFO(height << "x" << width << " " << spectral);
      GanOptions options = narrow(2);
      options.dcgan.spectral_norm = spectral;
      const auto g = make_generator(options, static_cast<int>(height), static_cast<int>(width));
      const auto d = make_discriminator(options, static_cast<int>(height), static_cast<int>(width));
      const auto images = g->forward(torch::randn({3, 9}));
      CHECK(images.sizes() == std::vector<int64_t>{3, 1, height, width});
      CHECK(images.abs().max().item<double>() <= 1);
      CHECK(images.std().item<double>() > 0);
      CHECK(d->forward(images).sizes() == std::vector<int64_t>{3});
    }
  }
}

TEST_CASE("with spectral norm the discriminator has no batch norm") {
  GanOptions options = narrow(2);
  options.dcgan.spectral_norm = true;
  const auto d = make_discriminator(options, 32, 32);
  const std::string keys = keys_text(*d);
  CHECK_FALSE(contains(keys, "running_mean"));
  CHECK(contains(keys, "body.0.u [2]\n"));
  // So one image's logit does not depend on the others of its batch.
  d->eval();
  const auto images = torch::randn({4, 1, 32, 32});
  CHECK(largest_difference(d->forward(images)[2], d->forward(images.slice(0, 2, 3))[0]) < 1e-6);
}

TEST_CASE("the residual DCGAN draws and judges all sizes, its weights are counted right") {
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{16, 16}, {40, 32}}) {
    INFO(height << "x" << width);
    GanOptions options = narrow(3);
    options.dcgan.residual = true;
    options.dcgan.spectral_norm = true;
    seed_torch(7);
    const auto g = make_generator(options, height, width);
    const auto d = make_discriminator(options, height, width);
    const auto images = g->forward(latents(Rng(1), 0, 2, 9));
    CHECK(images.sizes() == std::vector<int64_t>{2, 1, height, width});
    CHECK(images.abs().max().item<double>() <= 1);
    CHECK(d->forward(images).sizes() == std::vector<int64_t>{2});
    CHECK(d->features(images).sizes() == std::vector<int64_t>{2, d->feature_count});
    int64_t weights = 0;
    for (const auto& item : g->named_parameters())
      if (item.value().dim() > 1) weights += item.value().numel();
    CHECK(weights == generator_weights(options, height, width));
    CHECK(d->layers().size() == static_cast<size_t>(plan_size(height, width).doublings) + 2);
    for (const auto& item : d->named_parameters()) CHECK_FALSE(contains(item.key(), "norm"));
  }
}
