// SPDX-License-Identifier: Apache-2.0
// The progressive GAN against an independent port (tests/golden/gan/make_pggan.py), and what other
// ports get wrong, one case each.
#include "gan/pggan_blocks.hpp"
#include "tests/gan/stepping.hpp"

using namespace evenray;

namespace {

/// Two doublings, two steps a stage.
GanOptions growing_options() {
  GanOptions options = narrow_pggan();
  options.pggan.minibatches = {};
  options.minibatch = 4;
  options.pggan.stage_kimg = options.pggan.final_kimg = .008;
  return options;
}

/// The weights of make_pggan.py, each from the stream of its name.
TensorFile pggan_filled(Players& players) {
  TensorFile file = saved(players);
  for (auto& [name, tensor] : file.tensors) {
    const bool of_d = name.starts_with("d.");
    if (!of_d && !name.starts_with("g.") && !name.starts_with("ema.")) continue;
    Rng stream = Rng(of_d ? 12 : 11).fork(name.substr(name.find('.') + 1));
    std::vector<float> values;
    for (int64_t i = 0; i < tensor.numel(); ++i)
      values.push_back(static_cast<float>(stream.normal()));
    tensor = torch::tensor(values).view(tensor.sizes()) * (name.ends_with(".bias") ? .1f : 1.f);
  }
  return file;
}

std::shared_ptr<GeneratorNet> generator_at(const GanOptions& options, Growth growth) {
  seed_torch(4);
  auto net = make_generator(options, 16, 16);
  net->growth = growth;
  return net;
}

std::shared_ptr<DiscriminatorNet> discriminator_at(const GanOptions& options, Growth growth) {
  seed_torch(5);
  auto net = make_discriminator(options, 16, 16);
  net->growth = growth;
  return net;
}

}  // namespace

TEST_CASE("ten steps of growth from 4 px to 16 px by the published recipe, number for number") {
  const GanOptions options = growing_options();
  const Schedule schedule(options, 2);
  REQUIRE(schedule.steps() == 10);
  Players players(options, 16, 16, 0, Compute{}, Rng(3));
  players.load(pggan_filled(players), "filled");
  const Json golden = golden_json("gan/pggan.json");
  for (int64_t step = 0; step < 10; ++step) {
    INFO(step);
    players.step({waves(4, 16, 16, step), {}}, schedule.at(step), step);
    const auto means = players.take_means(1);
    for (size_t i = 0; i < 4; ++i)
      CHECK(means[i] == Approx(golden["log"][step][i].get<double>()).epsilon(1e-4).margin(1e-5));
  }
  const TensorFile file = saved(players);
  for (const auto& [key, name] :
       std::vector<std::pair<std::string, std::string>>{{"g_up", "g.up_2.weight"},
                                                        {"g_dense", "g.dense.weight"},
                                                        {"d_image", "d.image_1.weight"},
                                                        {"d_tail", "d.tail.weight"},
                                                        {"d_score", "d.score.bias"}}) {
    INFO(name);
    CHECK(largest_difference(file.tensors.at(name).flatten(), tensor_of(golden[key])) < 2e-5);
  }
  const auto average = make_generator(options, 16, 16);
  load_module(file, "ema", *average, "file");
  torch::NoGradGuard no_grad;
  CHECK(largest_difference(average->forward(latents(Rng(5), 0, 3, 6)).flatten(),
                           tensor_of(golden["drawn"])) < 1e-4);
}

TEST_CASE("R1 and the gradient penalty of a PGGAN in double precision are autograd's to 1e-8") {
  const GanOptions options = growing_options();
  Players players(options, 16, 16, 0, Compute{}, Rng(3));
  const auto net = make_discriminator(options, 16, 16);
  load_module(pggan_filled(players), "d", *net, "filled");
  net->to(torch::kDouble);
  net->growth = {2, .5};
  const auto images = waves(4, 16, 16, 1).to(torch::kDouble).requires_grad_(true);
  const Json golden = golden_json("gan/pggan.json").at("penalties");
  std::map<std::string, torch::Tensor> weights;
  for (const auto& item : net->named_parameters()) weights[item.key()] = item.value();
  for (const std::string name : {"r1", "gp"}) {
    INFO(name);
    const auto logits = net->forward(images);
    const auto penalty =
        name == "r1" ? r1_penalty(logits, images) : gradient_penalty(logits, images, 1);
    const double expected = golden[name]["value"];
    CHECK(std::abs(penalty.item<double>() - expected) < 1e-8 * expected);
    const auto grads =
        torch::autograd::grad({penalty}, {weights.at("tail.weight"), weights.at("image_1.weight")});
    for (const size_t i : {0, 1}) {
      const auto theirs = tensor_of(golden[name]["grads"][i]).to(torch::kDouble);
      CHECK(theirs.abs().max().item<double>() > 1e-3);
      CHECK(largest_difference(grads[i].flatten(), theirs) <
            1e-8 * theirs.abs().max().item<double>());
    }
  }
}

TEST_CASE("PGGAN: equalised weights are scaled by gain / sqrt(fan in), biases are not") {
  seed_torch(1);
  EqualizedConv2d layer(64, 256, 3, std::sqrt(2.));
  torch::NoGradGuard no_grad;
  const auto out = layer->forward(torch::randn({4, 64, 16, 16}));
  // Away from the zeros beyond the border each output has variance gain^2.
  CHECK(out.slice(2, 1, 15).slice(3, 1, 15).var().item<double>() == Approx(2).epsilon(.05));
  for (auto& item : layer->named_parameters())
    if (item.key() == "bias") item.value().fill_(3);
  CHECK(largest_difference(layer->forward(torch::zeros({1, 64, 4, 4})),
                           torch::full({1, 256, 4, 4}, 3.f)) == 0);
}

TEST_CASE("PGGAN: the deviation over the minibatch is that of a population, in strided groups") {
  const auto x = torch::tensor({1.f, 10.f, 3.f, 30.f}).view({4, 1, 1, 1}).expand({4, 2, 3, 3});
  const auto of_two = minibatch_stddev(x, 2);
  REQUIRE(of_two.sizes() == std::vector<int64_t>{4, 3, 3, 3});
  CHECK(same(of_two.slice(1, 0, 2), x.contiguous()));
  // Groups {1, 3} and {10, 30}: deviations 1 and 10.
  const auto map = of_two.select(1, 2).select(1, 0).select(1, 0);
  CHECK(largest_difference(map, torch::tensor({1.f, 10.f, 1.f, 10.f})) < 1e-4);
  // All four: mean 11, variance (100 + 1 + 64 + 361) / 4.
  for (const int64_t whole : {0, 4, 8}) {
    INFO(whole);
    CHECK(minibatch_stddev(x, whole)[0][2][0][0].item<double>() ==
          Approx(std::sqrt(131.5)).epsilon(1e-5));
  }
  const Error error = error_of([&] { minibatch_stddev(x, 3); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "4 is not a multiple of gan.pggan.stddev_group 3"));
}

TEST_CASE("PGGAN: at the start of a fade both networks are those of the level below") {
  const GanOptions options = growing_options();
  torch::NoGradGuard no_grad;
  const auto latent = latents(Rng(7), 0, 4, 6);
  for (const int level : {1, 2}) {  // from 4 to 8 px too
    INFO(level);
    const auto below = generator_at(options, {level - 1})->forward(latent);
    const auto starting = generator_at(options, {level, 0})->forward(latent);
    CHECK(largest_difference(starting, twice(below)) < 1e-6);
    const auto done = generator_at(options, {level, 1})->forward(latent);
    CHECK(largest_difference(generator_at(options, {level, .25})->forward(latent),
                             .75 * twice(below) + .25 * done) < 1e-5);
    const int64_t side = 4 << level;
    const auto images = waves(4, side, side, level);
    CHECK(largest_difference(discriminator_at(options, {level, 0})->forward(images),
                             discriminator_at(options, {level - 1})->forward(half(images))) < 1e-5);
    CHECK(largest_difference(discriminator_at(options, {level, .5})->forward(images),
                             discriminator_at(options, {level, 1})->forward(images)) > 1e-4);
  }
}

TEST_CASE("PGGAN: real images fade as drawn ones do, shrunk by means and not by sampling") {
  const auto images = waves(2, 16, 24, 3);
  CHECK(same(at_growth(images, 2, {2}), images));
  const auto shrunk = at_growth(images, 2, {1});
  REQUIRE(shrunk.sizes() == std::vector<int64_t>{2, 1, 8, 12});
  CHECK(shrunk[0][0][0][0].item<double>() ==
        Approx(images[0][0].slice(0, 0, 2).slice(1, 0, 2).mean().item<double>()));
  CHECK(largest_difference(at_growth(images, 2, {2, 0}), twice(half(images))) < 1e-6);
  CHECK(largest_difference(at_growth(images, 2, {1, .25}),
                           .75 * twice(half(shrunk)) + .25 * shrunk) < 1e-6);
  CHECK(same(enlarged(shrunk, 16), twice(shrunk)));
}

TEST_CASE("PGGAN: drawn values are not squeezed by a tanh") {
  torch::NoGradGuard no_grad;
  auto net = generator_at(growing_options(), {2});
  for (auto& item : net->named_parameters())
    if (item.key() == "image_2.bias") item.value().fill_(40);
  CHECK(net->forward(latents(Rng(7), 0, 1, 6)).min().item<double>() > 30);
}

TEST_CASE("PGGAN: the latent and each feature vector of G have unit length, after the activation") {
  const auto x = pixel_norm(wave(2 * 5 * 3, 1).view({2, 5, 3}));
  CHECK(largest_difference(x.square().mean(1), torch::ones({2, 3})) < 1e-5);
  torch::NoGradGuard no_grad;
  const auto net = generator_at(growing_options(), {2});
  const auto latent = latents(Rng(7), 0, 2, 6);
  CHECK(largest_difference(net->forward(latent), net->forward(latent * 9)) < 1e-4);
}

TEST_CASE("PGGAN: the average keeps its history when the networks grow") {
  const GanOptions options = growing_options();
  const Schedule schedule(options, 2);
  Players players(options, 16, 16, 0, Compute{}, Rng(3));
  for (int64_t step = 0; step < 2; ++step)
    players.step({waves(4, 16, 16, step), {}}, schedule.at(step), step);
  const TensorFile before = saved(players);
  players.step({waves(4, 16, 16, 2), {}}, schedule.at(2), 2);
  const TensorFile after = saved(players);
  const auto &old = before.tensors.at("ema.conv_0.weight"),
             &now = after.tensors.at("g.conv_0.weight");
  CHECK(largest_difference(after.tensors.at("ema.conv_0.weight"), old + .001 * (now - old)) < 1e-6);
  CHECK_FALSE(same(after.tensors.at("ema.conv_0.weight"), now));
  // Levels that are not there yet have not moved.
  CHECK(same(after.tensors.at("g.conv_2.weight"), before.tensors.at("g.conv_2.weight")));
  CHECK(same(after.tensors.at("ema.conv_2.weight"), before.tensors.at("ema.conv_2.weight")));
}

TEST_CASE("PGGAN: the optimisers begin anew at both ends of each fade, and only there") {
  const GanOptions options = growing_options();
  const Schedule schedule(options, 2);
  Players players(options, 16, 16, 0, Compute{}, Rng(3));
  std::vector<float> counts;
  for (int64_t step = 0; step < schedule.steps(); ++step) {
    players.step({waves(4, 16, 16, step), {}}, schedule.at(step), step);
    const TensorFile file = saved(players);
    counts.push_back(file.tensors.at("adam_d.step.tail.weight").item<float>());
    CHECK(file.tensors.at("adam_g.step.dense.weight").item<float>() == counts.back());
  }
  CHECK(counts == std::vector<float>{1, 2, 1, 2, 1, 2, 1, 2, 1, 2});
}

TEST_CASE("PGGAN: the generator of the paper is trained with latents of its own") {
  const auto stepped = [](bool own) {
    GanOptions options = growing_options();
    options.own_latents = own;
    Players players(options, 16, 16, 0, Compute{}, Rng(4));
    players.step({waves(4, 16, 16, 0), {}}, {{2}, 4, 0}, 0);
    return saved(players);
  };
  const TensorFile shared = stepped(false), own = stepped(true);
  // D saw the same images and moved alike; G was asked about others.
  CHECK(same(shared.tensors.at("d.tail.weight"), own.tensors.at("d.tail.weight")));
  CHECK_FALSE(same(shared.tensors.at("adam_g.exp_avg.dense.weight"),
                   own.tensors.at("adam_g.exp_avg.dense.weight")));
  for (const std::string preset : {"paper", "paper-v1"}) {
    GanOptions options;
    options.family = "pggan";
    options.preset = preset;
    options.apply_preset();
    options.check();
    CHECK(options.own_latents);
    CHECK(options.usual_conditioning() == "acgan");
    CHECK(options.label_warmup == 0);
    CHECK(options.latent == 512);
    CHECK(options.ema_decay == .999);
    CHECK(options.beta1 == 0);
    CHECK(options.beta2 == .99);
    CHECK(options.gp_weight == 10);
  }
}

TEST_CASE("PGGAN: alpha is linear in images shown, whatever the minibatch") {
  GanOptions options = growing_options();
  options.minibatch = 0;
  options.pggan.minibatches = {8, 4, 2};
  options.pggan.stage_kimg = .016;
  options.pggan.final_kimg = .032;
  const Schedule schedule(options, 2);
  std::vector<double> alphas;
  int64_t shown = 0, fade_from = 0;
  for (int64_t step = 0; step < schedule.steps(); ++step) {
    const Moment moment = schedule.at(step);
    CHECK(moment.shown == shown);
    CHECK(moment.minibatch == (8 >> moment.growth.level));
    if (moment.growth.fading()) {
      if (moment.growth.alpha == 0) fade_from = shown;
      CHECK(moment.growth.alpha == Approx(static_cast<double>(shown - fade_from) / 16));
    }
    CHECK(moment.restarts == (step > 0 && (shown - 16) % 16 == 0 && shown <= 64));
    shown += moment.minibatch;
  }
  CHECK(shown == 16 * 4 + 32);
  CHECK(schedule.at(schedule.steps()).shown == shown);
}

TEST_CASE(
    "the published schedules: 12,000 and 19,000 kimg at 1024 px; a total stretches all stages") {
  const auto published = [](const std::string& preset) {
    GanOptions options;
    options.family = "pggan";
    options.preset = preset;
    options.apply_preset();
    return options;
  };
  GanOptions paper = published("paper");
  const Schedule second(paper, 8);
  CHECK(second.kimg(second.steps()) == Approx(12000).epsilon(1e-3));
  CHECK(second.stages().size() == 17);
  CHECK(second.stages()[0].minibatch == 128);
  CHECK(second.stages()[16].minibatch == 4);
  CHECK(second.at(second.steps() - 1).lr_factor == 1.5);
  const Schedule first(published("paper-v1"), 8);
  CHECK(first.kimg(first.steps()) == Approx(19000).epsilon(1e-3));
  CHECK(first.stages()[16].minibatch == 3);
  // Their learning rates rise over the first 40 kimg, never again, and are alike at all sizes.
  CHECK(first.at(0).lr_factor == Approx(std::exp(-5.)));
  CHECK(first.at(1250).lr_factor == Approx(std::exp(-1.25)));
  for (const int64_t step : {int64_t{2500}, first.stages()[1].first_step, first.steps() - 1})
    CHECK(first.at(step).lr_factor == 1);

  paper.total_kimg = 120;
  const Schedule short_one(paper, 8);
  for (size_t i = 0; i < 17; ++i) {
    INFO(i);
    CHECK(short_one.stages()[i].steps * short_one.stages()[i].minibatch * 100 ==
          Approx(static_cast<double>(second.stages()[i].steps * second.stages()[i].minibatch))
              .epsilon(.02));
  }
  GanOptions dcgan = tiny_options();
  const Schedule one_stage(dcgan, 2);
  CHECK(one_stage.stages().size() == 1);
  CHECK(one_stage.at(0).growth.level == 2);
  CHECK_FALSE(one_stage.at(0).restarts);
}

TEST_CASE("channels are halved from the published 512 on, and a generator's weights are counted") {
  GanOptions options = growing_options();
  options.pggan.fmap_base = 8192;
  options.pggan.fmap_max = 512;
  const auto net = make_generator(options, 64, 64);
  std::map<std::string, torch::Tensor> tensors;
  int64_t weights = 0;
  for (const auto& item : net->named_parameters()) {
    tensors[item.key()] = item.value();
    if (item.key().ends_with("weight")) weights += item.value().numel();
  }
  for (const int level : {0, 1, 2, 3})
    CHECK(tensors.at(cat("conv_", level, ".weight")).size(0) == 512);
  CHECK(tensors.at("conv_4.weight").sizes() == std::vector<int64_t>{256, 256, 3, 3});
  CHECK(generator_weights(options, 64, 64) == weights);
}
