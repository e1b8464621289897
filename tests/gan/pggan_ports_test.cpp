// SPDX-License-Identifier: Apache-2.0
// What ports of PGGAN are known to get wrong inside the networks. The networks are written out once
// more, by the published text (Karras et al. 2018, appendix A), with each port's error to choose:
// ours must be the text's, and the error must show. Errors of training and schedule are in
// pggan_test.cpp.
#include <numbers>

#include "gan/losses.hpp"
#include "gan/pggan_blocks.hpp"
#include "tests/gan/stepping.hpp"

using namespace evenray;

namespace {

constexpr double kRoot2 = std::numbers::sqrt2;

struct Port {
  bool scales_bias = false, one_gain = false, plain_dense = false, plain_image_layers = false;
  bool latent_as_drawn = false, norm_before_activation = false, dense_without_norm = false;
  bool linear_from_image = false, stddev_of_image = false;
};

using Tensors = std::map<std::string, torch::Tensor>;

/// Weights of a network with biases that are not 0.
template <class Net>
Tensors tensors_of(Net& net) {
  Tensors out;
  torch::NoGradGuard no_grad;
  for (const auto& item : net.named_parameters()) {
    if (item.key().ends_with(".bias"))
      item.value().copy_(wave(item.value().numel(), static_cast<double>(out.size())));
    out[item.key()] = item.value();
  }
  return out;
}

torch::Tensor layer(const Tensors& net,
                    const std::string& name,
                    const torch::Tensor& x,
                    double gain,
                    const Port& port) {
  const auto &weight = net.at(name + ".weight"), &bias = net.at(name + ".bias");
  const bool reads_latent = name == "dense" && weight.size(0) > bias.size(0);
  const bool plain =
      (port.plain_dense && reads_latent) || (port.plain_image_layers && name.starts_with("image"));
  if (port.one_gain) gain = kRoot2;
  const double scale = plain ? 1 : gain / std::sqrt(static_cast<double>(weight[0].numel()));
  const auto run = [&](const torch::Tensor& w, const torch::Tensor& b) {
    return w.dim() == 2 ? torch::linear(x, w, b) : torch::conv2d(x, w, b, 1, w.size(3) / 2);
  };
  const auto whole_bias = bias.repeat_interleave(weight.size(0) / bias.size(0));
  return port.scales_bias ? run(weight, whole_bias) * scale : run(weight * scale, whole_bias);
}

torch::Tensor active(const torch::Tensor& x) { return torch::leaky_relu(x, .2); }

torch::Tensor unit_length(const torch::Tensor& x) {
  return x / (x.square().mean(1, true) + 1e-8).sqrt();
}

/// 8 px.
torch::Tensor generate(const Tensors& net, const torch::Tensor& latent, const Port& port) {
  const auto ends = [&](const torch::Tensor& x) {
    return port.norm_before_activation ? active(unit_length(x)) : unit_length(active(x));
  };
  auto x = port.latent_as_drawn ? latent : unit_length(latent);
  x = layer(net, "dense", x, kRoot2 / 4, port).view({latent.size(0), -1, 4, 4});
  x = port.dense_without_norm ? active(x) : ends(x);
  x = ends(layer(net, "conv_0", x, kRoot2, port));
  x = ends(layer(net, "up_1", twice(x), kRoot2, port));
  x = ends(layer(net, "conv_1", x, kRoot2, port));
  return layer(net, "image_1", x, 1, port);
}

torch::Tensor with_stddev(const torch::Tensor& x, const torch::Tensor& of) {
  const auto pairs = of.view({2, -1, of.size(1), of.size(2), of.size(3)});
  const auto spread =
      ((pairs - pairs.mean(0)).square().mean(0) + 1e-8).sqrt().mean({1, 2, 3}).repeat({2});
  return torch::cat({x, spread.view({-1, 1, 1, 1}).expand({-1, 1, x.size(2), x.size(3)})}, 1);
}

/// Of images of 8 px.
torch::Tensor judge(const Tensors& net, const torch::Tensor& images, const Port& port) {
  auto x = layer(net, "image_1", images, kRoot2, port);
  if (!port.linear_from_image) x = active(x);
  x = active(layer(net, "conv_1", x, kRoot2, port));
  x = half(active(layer(net, "down_1", x, kRoot2, port)));
  x = with_stddev(x, port.stddev_of_image ? images : x);
  x = active(layer(net, "tail", x, kRoot2, port)).flatten(1);
  return layer(net, "score", active(layer(net, "dense", x, kRoot2, port)), 1, port).flatten();
}

/// Whether our networks are those of the text, and the port's are others.
void check_unlike(const Port& port, bool generator_errs, bool discriminator_errs) {
  torch::NoGradGuard no_grad;
  seed_torch(4);
  const auto g = make_generator(narrow_pggan(), 16, 16);
  const auto d = make_discriminator(narrow_pggan(), 16, 16);
  g->growth.level = d->growth.level = 1;
  const auto of_g = tensors_of(*g), of_d = tensors_of(*d);
  const auto latent = latents(Rng(7), 0, 4, 6), images = waves(4, 8, 8);
  const auto drawn = g->forward(latent), logits = d->forward(images);
  CHECK(largest_difference(drawn, generate(of_g, latent, {})) < 1e-5);
  CHECK(largest_difference(logits, judge(of_d, images, {})) < 1e-5);
  CHECK((largest_difference(drawn, generate(of_g, latent, port)) > 1e-2) == generator_errs);
  CHECK((largest_difference(logits, judge(of_d, images, port)) > 1e-2) == discriminator_errs);
}

}  // namespace

TEST_CASE("PGGAN ports: the scale is the weight's alone, not that of the output with its bias") {
  check_unlike({.scales_bias = true}, true, true);
}

TEST_CASE("PGGAN ports: gains differ: 1 to the image and the score, sqrt(2) / 4 from the latent") {
  check_unlike({.one_gain = true}, true, true);
}

TEST_CASE("PGGAN ports: the layer that reads the latent is equalised too") {
  check_unlike({.plain_dense = true}, true, false);
}

TEST_CASE("PGGAN ports: layers from and to the image are equalised too") {
  check_unlike({.plain_image_layers = true}, true, true);
}

TEST_CASE("PGGAN ports: the latent has unit length") {
  check_unlike({.latent_as_drawn = true}, true, false);
}

TEST_CASE("PGGAN ports: pixel norm comes after the activation") {
  check_unlike({.norm_before_activation = true}, true, false);
}

TEST_CASE("PGGAN ports: pixel norm follows the first layer, too") {
  check_unlike({.dense_without_norm = true}, true, false);
}

TEST_CASE("PGGAN ports: what reads the image has an activation") {
  check_unlike({.linear_from_image = true}, false, true);
}

TEST_CASE("PGGAN ports: the deviation over the minibatch is of features, not of the image") {
  check_unlike({.stddev_of_image = true}, false, true);
}

TEST_CASE("PGGAN ports: pixel norm adds 1e-8, not 1e-7") {
  const auto faint = torch::full({1, 3, 1, 1}, 1e-4f);
  CHECK(pixel_norm(faint)[0][0].item<double>() == Approx(std::sqrt(.5)).epsilon(1e-4));
}

TEST_CASE("PGGAN ports: losses and penalties are means over the minibatch, not sums") {
  const auto& loss = loss_named("wgan-gp");
  const auto real = wave(4, 1), fake = wave(4, 2);
  CHECK(loss.discriminator(real.repeat({3}), fake.repeat({3})).item<double>() ==
        Approx(loss.discriminator(real, fake).item<double>()).epsilon(1e-5));
  CHECK(loss.generator({}, fake.repeat({3})).item<double>() ==
        Approx(loss.generator({}, fake).item<double>()).epsilon(1e-5));
  const auto penalty = [&](const torch::Tensor& images) {
    const auto x = images.detach().requires_grad_(true);
    return gradient_penalty(x.square().sum({1, 2, 3}), x, 1).item<double>();
  };
  CHECK(penalty(waves(4, 8, 8).repeat({3, 1, 1, 1})) ==
        Approx(penalty(waves(4, 8, 8))).epsilon(1e-5));
}

TEST_CASE("PGGAN ports: the drift is of the real scores alone, and of .001") {
  const auto& loss = loss_named("wgan-gp");
  const auto value = [&](float real, float fake) {
    return loss.discriminator(torch::full({2}, real), torch::full({2}, fake)).item<double>();
  };
  CHECK(value(100, 0) == Approx(-100 + 10));
  CHECK(value(0, 100) == Approx(100));
}

TEST_CASE("PGGAN ports: the gradient penalty is that of images enlarged to the full size") {
  // There a slope is twice smaller than at 16 px of 32: as if 2 were asked of it.
  const auto players = [](int side, double target) {
    GanOptions options = narrow_pggan();
    options.gp_target = target;
    return Players(options, side, side, 0, Compute{}, Rng(3));
  };
  const auto loss = [](Players& of, const torch::Tensor& images) {
    Moment moment;
    moment.growth.level = 2;
    moment.minibatch = images.size(0);
    of.step({images, {}}, moment, 0);
    return of.take_means(1)[0];
  };
  auto growing = players(32, 1), grown = players(16, 2), port = players(16, 1);
  const TensorFile weights = saved(growing);
  for (Players* other : {&grown, &port}) {
    TensorFile file = saved(*other);
    for (auto& [name, tensor] : file.tensors) tensor = weights.tensors.at(name);
    other->load_networks(file, "weights");
  }
  const auto images = waves(4, 32, 32), shrunk = half(images);
  const double ours = loss(growing, images);
  CHECK(ours == Approx(loss(grown, shrunk)).epsilon(1e-5));
  CHECK(std::abs(ours - loss(port, shrunk)) > .1);
}
