// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"
#include "tests/gan/stepping.hpp"

using namespace evenray;

namespace {

/// A step of eight images on networks of two doublings that do not grow.
Moment grown(int64_t step) { return {{2}, 8, 8 * step}; }

/// The weights of make_dcgan.py in g, d and the average.
TensorFile players_filled(Players& players) {
  TensorFile file = saved(players);
  for (auto& [name, tensor] : file.tensors) {
    const bool network =
        name.starts_with("g.") || name.starts_with("d.") || name.starts_with("ema.");
    const bool scale = name.ends_with(".weight"), shift = name.ends_with(".bias");
    if (!network || !(scale || shift)) continue;
    const auto parts = split_text(name, '.');  // g.body.7.weight
    const double layer = std::stod(parts[2]);
    const auto values = wave(tensor.numel(), layer + (shift ? .5 : 0)).view(tensor.sizes());
    tensor = tensor.dim() == 4 ? .05 * values : .1 * values + (scale ? 1. : 0.);
  }
  return file;
}

}  // namespace

TEST_CASE("three steps of the published DCGAN recipe, number for number") {
  GanOptions options;
  options.preset = "reference";
  options.apply_preset();
  options.minibatch = 5;
  options.latent = 6;
  options.dcgan.ngf = options.dcgan.ndf = 4;
  Players players(options, 64, 64, 0, Compute{}, Rng(3));
  players.load(players_filled(players), "filled");
  const Json golden = golden_json("gan/dcgan.json");
  for (int64_t step = 0; step < 3; ++step) {
    INFO(step);
    players.step({waves(5, 64, 64, step), {}}, Schedule(options, 4).at(step), step);
    const auto means = players.take_means(1);
    for (size_t i = 0; i < 4; ++i)
      CHECK(means[i] == Approx(golden["log"][step][i].get<double>()).epsilon(1e-4));
  }
  const TensorFile file = saved(players);
  for (const auto& [key, name] :
       std::vector<std::pair<std::string, std::string>>{{"g_last", "g.body.12.weight"},
                                                        {"g_scale", "g.body.10.weight"},
                                                        {"g_mean", "g.body.10.running_mean"},
                                                        {"d_first", "d.body.0.weight"},
                                                        {"d_scale", "d.body.9.weight"},
                                                        {"d_variance", "d.body.9.running_var"}}) {
    INFO(name);
    CHECK(largest_difference(file.tensors.at(name).flatten(), tensor_of(golden[key])) < 2e-5);
  }
}

TEST_CASE("every option of the training step runs, and changes the step") {
  std::map<std::string, std::string> digests;
  const auto run = [&](const std::string& name,
                       const std::function<void(GanOptions&)>& change,
                       bool bf16 = false) {
    INFO(name);
    GanOptions options = tiny_options();
    options.augment = "none";
    change(options);
    Players players(options, 24, 16, 0, Compute{torch::kCPU, bf16, 1}, Rng(2));
    const TensorFile before = saved(players);
    for (int64_t step = 0; step < 2; ++step)
      players.step({waves(8, 24, 16, step), {}}, grown(step), step);
    for (const double mean : players.take_means(2)) CHECK(std::isfinite(mean));
    const TensorFile after = saved(players);
    for (const std::string key : {"g.body.0.weight", "d.body.0.weight"}) {
      CHECK_FALSE(same(before.tensors.at(key), after.tensors.at(key)));
      CHECK(after.tensors.at(key).isfinite().all().item<bool>());
    }
    CHECK(after.tensors.at("adam_d.step.body.0.weight").item<float>() == 2);
    digests[tensor_digest({{"d", after.tensors.at("d.body.0.weight")}})] = name;
  };
  run("plain", [](GanOptions&) {});
  run("diffaugment", [](GanOptions& o) { o.augment = "brightness,contrast,translation,cutout"; });
  run("spectral norm", [](GanOptions& o) { o.dcgan.spectral_norm = true; });
  run("R1", [](GanOptions& o) { o.r1_gamma = 5; });
  run("all", [](GanOptions& o) {
    o.augment = "translation,cutout";
    o.dcgan.spectral_norm = true;
    o.r1_gamma = 5;
    o.r1_every = 1;
  });
  run(
      "bf16", [](GanOptions&) {}, true);
  run(
      "all in bf16",
      [](GanOptions& o) {
        o.augment = "brightness,contrast,translation,cutout";
        o.dcgan.spectral_norm = true;
        o.r1_gamma = 5;
      },
      true);
  run("ada", [](GanOptions& o) { o.augment = "ada"; });
  run("R2", [](GanOptions& o) { o.r2_gamma = 5; });
  run("hinge", [](GanOptions& o) { o.loss = "hinge"; });
  run("relativistic", [](GanOptions& o) { o.loss = "relativistic"; });
  run("lsgan", [](GanOptions& o) { o.loss = "lsgan"; });
  run(
      "wgan-gp in bf16", [](GanOptions& o) { o.loss = "wgan-gp"; }, true);
  run("LeCam", [](GanOptions& o) {
    o.lecam_weight = .3;
    o.lecam_from_kimg = 0;
  });
  run(
      "ada in bf16 with R1",
      [](GanOptions& o) {
        o.augment = "ada";
        o.r1_gamma = 5;
      },
      true);
  CHECK(digests.size() == 14);  // ada's strength is still 0 in two steps
}

TEST_CASE(
    "the strong preset's residual networks take steps, alike from the start and from a file") {
  GanOptions options;
  options.preset = "strong";
  options.apply_preset();
  options.dcgan.ngf = options.dcgan.ndf = 2;
  options.latent = 6;
  const auto players = [&] { return Players(options, 24, 16, 0, Compute{}, Rng(2)); };
  const auto step = [](Players& of, int64_t number) {
    of.step({waves(8, 24, 16, number), {}}, grown(number), number);
  };
  Players straight = players();
  const TensorFile before = saved(straight);
  step(straight, 0);
  Players later = players();
  later.load(saved(straight), "f");
  for (Players* each : {&straight, &later}) step(*each, 1);
  const TensorFile after = saved(straight);
  CHECK(tensor_digest(after.tensors) == tensor_digest(saved(later).tensors));
  int64_t weights = 0;
  for (const auto& [name, tensor] : after.tensors) {
    if (!(name.starts_with("g.") || name.starts_with("d.")) || !name.ends_with("weight")) continue;
    INFO(name);
    ++weights;
    CHECK(tensor.isfinite().all().item<bool>());
    CHECK_FALSE(same(tensor, before.tensors.at(name)));
  }
  CHECK(weights > 10);
}

TEST_CASE("R1 is taken every r1_every steps") {
  const auto weights = [](double gamma, int64_t step) {
    GanOptions options = tiny_options();
    options.r1_gamma = gamma;
    options.r1_every = 4;
    Players players(options, 16, 16, 0, Compute{}, Rng(2));
    players.step({waves(8, 16, 16), {}}, grown(step), step);
    return saved(players).tensors.at("d.body.0.weight");
  };
  CHECK_FALSE(same(weights(0, 4), weights(10, 4)));
  CHECK(same(weights(0, 5), weights(10, 5)));
}

TEST_CASE("R1 enters the loss by gamma / 2, times the steps that it stands for") {
  GanOptions options = tiny_options();
  options.augment = "none";
  options.r1_every = 3;
  const auto real = waves(8, 16, 16);
  const auto loss = [&](double gamma) {
    options.r1_gamma = gamma;
    Players players(options, 16, 16, 0, Compute{}, Rng(2));
    players.step({real, {}}, grown(0), 0);
    return players.take_means(1)[0];
  };
  const auto discriminator = make_discriminator(options, 16, 16);
  Players fresh(options, 16, 16, 0, Compute{}, Rng(2));
  load_module(saved(fresh), "d", *discriminator, "f");
  const auto shown = real.clone().requires_grad_(true);
  const double penalty = r1_penalty(discriminator->forward(shown), shown).item<double>();
  REQUIRE(penalty > 0);
  const double gamma = 1 / penalty;
  CHECK(loss(gamma) - loss(0) == Approx(1.5).epsilon(1e-4));
}

TEST_CASE("means are those since they were last taken; losses that are no numbers are seen") {
  Players players(tiny_options(), 16, 16, 0, Compute{}, Rng(2));
  players.step({waves(8, 16, 16), {}}, grown(0), 0);
  const auto first = players.take_means(1);
  REQUIRE(first.size() == 4);
  CHECK(first[0] == Approx(2 * std::log(2.)).margin(.5));
  for (const size_t probability : {2, 3}) {
    CHECK(first[probability] > 0);
    CHECK(first[probability] < 1);
  }
  CHECK(players.take_means(1) == std::vector<double>{0, 0, 0, 0});
  // The mean sign of 8 differences is a multiple of a quarter, D at its start not blind to all.
  const double separation = players.take_separation();
  CHECK(std::abs(separation) <= 1);
  CHECK(separation * 4 == std::round(separation * 4));
  CHECK(separation != 0);
  CHECK(players.take_separation() == 0);
  CHECK(players.finite());
  players.step({torch::full({8, 1, 16, 16}, NAN), {}}, grown(1), 1);
  CHECK_FALSE(players.finite());
}

TEST_CASE("the average follows with its half-life") {
  GanOptions options = tiny_options();
  options.ema_kimg = .016;
  Players players(options, 16, 16, 0, Compute{}, Rng(2));
  // Far into the run the ramp is over: 8 images at a half-life of 16 keep 1/sqrt(2).
  const TensorFile before = saved(players);
  players.step({waves(8, 16, 16), {}}, grown(1000), 1000);
  const TensorFile after = saved(players);
  const auto& key = "body.0.weight";
  const auto& start = before.tensors.at(cat("ema.", key));
  const auto& now = after.tensors.at(cat("g.", key));
  CHECK(same(start, before.tensors.at(cat("g.", key))));
  CHECK(largest_difference(after.tensors.at(cat("ema.", key)),
                           now + (start - now) * std::sqrt(.5)) < 1e-7);
}

TEST_CASE("drawing changes nothing that training or a later draw sees") {
  const double ema_kimg = GENERATE(0., 1.);
  GanOptions options = tiny_options();
  options.ema_kimg = ema_kimg;
  Players straight(options, 16, 16, 0, Compute{}, Rng(2)),
      judged(options, 16, 16, 0, Compute{}, Rng(2));
  for (int64_t step = 0; step < 3; ++step) {
    straight.step({waves(8, 16, 16, step), {}}, grown(step), step);
    judged.step({waves(8, 16, 16, step), {}}, grown(step), step);
    const auto drawn = judged.draw(20);
    CHECK(drawn.sizes() == std::vector<int64_t>{20, 1, 16, 16});
    CHECK(same(judged.draw(20), drawn));
    if (step < 2) continue;
    CHECK(same(straight.draw(20), drawn));
    CHECK(tensor_digest(saved(straight).tensors) == tensor_digest(saved(judged).tensors));
  }
}

TEST_CASE("a checkpoint always holds the generator as trained so far, averaged or not") {
  GanOptions options = tiny_options();
  options.ema_kimg = 0;
  Players players(options, 16, 16, 0, Compute{}, Rng(2));
  players.step({waves(8, 16, 16), {}}, grown(0), 0);
  const TensorFile file = saved(players);
  CHECK(same(file.tensors.at("ema.body.0.weight"), file.tensors.at("g.body.0.weight")));
}

TEST_CASE("the average of every checkpoint has batch-norm statistics of its own") {
  GanOptions options = tiny_options();
  options.ema_kimg = GENERATE(0., 1.);
  Players players(options, 16, 16, 0, Compute{}, Rng(2));
  players.step({waves(8, 16, 16), {}}, grown(0), 0);
  const TensorFile step = saved(players);
  players.draw(4);
  TensorFile best;
  players.save_average(best);
  for (const auto& [name, tensor] : best.tensors) {
    INFO(name);
    CHECK(same(step.tensors.at(name), tensor));
  }
  const std::string statistics = "body.1.running_var";
  CHECK_FALSE(same(step.tensors.at("ema." + statistics), step.tensors.at("g." + statistics)));
}

TEST_CASE("judged images are drawn in fp32, and R1's real images judged in it") {
  GanOptions options = tiny_options();
  options.augment = "none";
  options.r1_gamma = 1e-20;
  options.r1_every = 2;
  Players coarse(options, 16, 16, 0, Compute{torch::kCPU, true, 1}, Rng(2)),
      fine(options, 16, 16, 0, Compute{}, Rng(2));
  CHECK(same(coarse.draw(4), fine.draw(4)));
  const auto d_real = [](Players& players, int64_t step) {
    players.step({waves(8, 16, 16, step), {}}, grown(step), step);
    return players.take_means(1)[2];
  };
  CHECK(d_real(coarse, 0) == d_real(fine, 0));
  CHECK(d_real(coarse, 1) != d_real(fine, 1));
}

TEST_CASE("players are not loaded from a file that lacks a piece") {
  Players players(tiny_options(), 16, 16, 0, Compute{}, Rng(2));
  const TensorFile file = saved(players);
  CHECK(error_of([&] { players.load(file, "f"); }).code() == Exit::done);
  for (const std::string key :
       {"log.sums", "g.body.0.weight", "ema.body.1.running_mean", "adam_g.step.body.0.weight"}) {
    INFO(key);
    TensorFile cut = file;
    REQUIRE(cut.tensors.erase(key) == 1);
    const Error error = error_of([&] { players.load(cut, "f"); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "'" + key + "'"));
  }
}
