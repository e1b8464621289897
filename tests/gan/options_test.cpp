// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

Error checking(const std::function<void(GanOptions&)>& change) {
  GanOptions options;
  change(options);
  return error_of([&] { options.check(); });
}

std::string config(GanOptions options) {
  return write_config([&](Fields& f) { f.section("gan", options); });
}

}  // namespace

TEST_CASE("the defaults of a GAN pass their own check") {
  CHECK(checking([](GanOptions&) {}).code() == Exit::done);
}

TEST_CASE("a GAN option out of range is named by its key") {
  const std::vector<std::pair<std::string, std::function<void(GanOptions&)>>> changes{
      {"gan.total_kimg must be above 0 and at most 1e9, not 0",
       [](GanOptions& o) { o.total_kimg = 0; }},
      {"gan.total_kimg must be above 0 and at most 1e9, not nan",
       [](GanOptions& o) { o.total_kimg = NAN; }},
      {"gan.total_kimg", [](GanOptions& o) { o.total_kimg = INFINITY; }},
      {"gan.lr_g", [](GanOptions& o) { o.lr_g = INFINITY; }},
      {"gan.latent must be above 0", [](GanOptions& o) { o.latent = 0; }},
      {"gan.dcgan.ngf must be above 0 and at most 4096, not -4",
       [](GanOptions& o) { o.dcgan.ngf = -4; }},
      {"gan.dcgan.ndf must be above 0", [](GanOptions& o) { o.dcgan.ndf = 0; }},
      {"gan.lr_g must be above 0", [](GanOptions& o) { o.lr_g = 0; }},
      {"gan.lr_d must be above 0", [](GanOptions& o) { o.lr_d = -1; }},
      {"gan.r1_every must be above 0", [](GanOptions& o) { o.r1_every = 0; }},
      {"gan.minibatch must be 2 to 65536", [](GanOptions& o) { o.minibatch = 1; }},
      {"gan.eval_images must be 16 or more", [](GanOptions& o) { o.eval_images = 15; }},
      {"gan.r1_gamma", [](GanOptions& o) { o.r1_gamma = -1; }},
      {"gan.ema_kimg", [](GanOptions& o) { o.ema_kimg = -1; }},
      {"gan.ema_kimg", [](GanOptions& o) { o.ema_kimg = INFINITY; }},
      {"gan.latent must be above 0 and at most 4096", [](GanOptions& o) { o.latent = 1 << 20; }},
      {"gan.eval_every_kimg", [](GanOptions& o) { o.eval_every_kimg = NAN; }},
      {"gan.beta1 and gan.beta2 must be from 0 to below 1, not 1 and 0.999",
       [](GanOptions& o) { o.beta1 = 1; }},
      {"must be from 0 to below 1, not 0.5 and -0.1", [](GanOptions& o) { o.beta2 = -.1; }},
      {"unknown generator family 'x' (known: dcgan, pggan",
       [](GanOptions& o) { o.family = std::string("x"); }},
      {"unknown gan preset 'smal' (known: auto, reference, small, strong); did you mean 'small'?",
       [](GanOptions& o) { o.preset = "smal"; }},
      {"unknown gan preset 'paper' (known: auto, reference, small, strong); --family pggan has "
       "that preset",
       [](GanOptions& o) { o.preset = "paper"; }},
      {"gan.augment 'cut'", [](GanOptions& o) { o.augment = "cut"; }},
      {"gan.loss: unknown loss 'wgan'", [](GanOptions& o) { o.loss = "wgan"; }},
      {"gan.gp_target must be above 0", [](GanOptions& o) { o.gp_target = 0; }},
      {"gan.pggan.fmap_base must be 2 to 1048576, not 1",
       [](GanOptions& o) { o.pggan.fmap_base = 1; }},
      {"gan.pggan.fmap_max must be above 0", [](GanOptions& o) { o.pggan.fmap_max = 0; }},
      {"gan.pggan.stage_kimg must be above 0", [](GanOptions& o) { o.pggan.stage_kimg = 0; }},
      {"gan.pggan.final_kimg must be above 0", [](GanOptions& o) { o.pggan.final_kimg = -1; }},
      {"gan.pggan.lr_factors must be above 0",
       [](GanOptions& o) {
         o.pggan.lr_factors = {1, 0};
       }},
      {"gan.ema_decay", [](GanOptions& o) { o.ema_decay = 1; }},
      {"gan.minibatch must be 2",
       [](GanOptions& o) {
         o.minibatch = 0;
         o.pggan.minibatches = {8, 1};
       }},
      {"gan.minibatch and gan.pggan.minibatches exclude each other",
       [](GanOptions& o) {
         o.pggan.minibatches = {8, 4};
       }},
      {"gan.minibatch 6 is not a multiple of gan.pggan.stddev_group 4",
       [](GanOptions& o) {
         o.family = "pggan";
         o.minibatch = 0;
         o.pggan.minibatches = {8, 6};
       }},
  };
  for (const auto& [message, change] : changes) {
    INFO(message);
    const Error error = checking(change);
    CHECK(error.code() == Exit::config);
    CHECK_THAT(error.what(), Catch::Contains(message));
  }
}

TEST_CASE("the presets: small keeps the defaults, reference is the published recipe") {
  GanOptions small;
  small.apply_preset();
  CHECK(config(small) == config({}));
  GanOptions reference;
  reference.preset = "reference";
  reference.dcgan.spectral_norm = true;
  reference.r1_gamma = 1;
  reference.apply_preset();
  CHECK(reference.augment == "none");
  CHECK(reference.minibatch == 64);
  CHECK(reference.ema_kimg == 0);
  CHECK_FALSE(reference.dcgan.spectral_norm);
  CHECK(reference.r1_gamma == 0);
  CHECK(reference.latent == 100);
  CHECK(reference.dcgan.ngf == 64);
  CHECK(reference.lr_g == 2e-4);
  CHECK(reference.lr_d == 2e-4);
  CHECK(reference.beta1 == .5);
  CHECK(reference.beta2 == .999);
  reference.check();
  CHECK(gan_presets() ==
        std::vector<std::string>{"auto", "reference", "small", "strong", "paper", "paper-v1"});
  for (const auto& family : gan_families()) {
    for (const auto& name : gan_presets(family)) {
      INFO(family << " " << name);
      GanOptions options;
      options.family = family;
      options.preset = name;
      options.apply_preset();
      CHECK(error_of([&] { options.check(); }).code() == Exit::done);
    }
  }
}

TEST_CASE("every GAN option is written and read back") {
  GanOptions options = tiny_options();
  options.augment = "cutout";
  options.mirror = options.dcgan.spectral_norm = options.allow_few = true;
  options.r1_gamma = .25;
  GanOptions back;
  read_config_text([&](Fields& f) { f.section("gan", back); }, config(options), "text");
  CHECK(config(back) == config(options));
  CHECK(config(back) != config({}));
}
