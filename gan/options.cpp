// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/diffaugment.hpp"
#include "gan/gan.hpp"
#include "gan/networks.hpp"

namespace evenray {

void GanOptions::fields(Fields& f) {
  f("family", family, "network family: dcgan");
  f("preset",
    preset,
    "reference (the DCGAN recipe as published), small (with what 50 to 5,000 images need)");
  f("total_kimg", total_kimg, "thousands of real images shown");
  f("minibatch", minibatch, "images a step");
  f("latent", latent, "length of the latent vector");
  f("ngf", ngf, "width of the generator: channels at half size, doubled at each halving");
  f("ndf", ndf, "width of the discriminator, likewise");
  f("lr_g", lr_g, "Adam's learning rate of the generator");
  f("lr_d", lr_d, "and of the discriminator");
  f("beta1", beta1, "Adam's beta1");
  f("beta2", beta2, "Adam's beta2");
  f("diffaugment",
    diffaugment,
    "augmentation before the discriminator: some of brightness,contrast,translation,cutout, or "
    "none");
  f("mirror", mirror, "show each image flipped left to right half of the time (limbs; not chests)");
  f("ema_kimg",
    ema_kimg,
    "half-life of the generator's average in thousands of images; 0: no average");
  f("spectral_norm", spectral_norm, "spectral norm in place of batch norm in the discriminator");
  f("r1_gamma", r1_gamma, "weight of the R1 gradient penalty; 0: none");
  f("r1_every", r1_every, "steps between R1 penalties (lazy regularisation)");
  f("eval_every_kimg",
    eval_every_kimg,
    "thousands of images between evaluations by SWD; 0: a tenth of the run");
  f("eval_images", eval_images, "at most so many images in an evaluation");
  f("allow_few", allow_few, "train on fewer than 50 images of the class");
}

void GanOptions::check() const {
  const auto positive = [](double value, const char* key) {
    evenray::check(value > 0 && value <= 1e9,
                   Exit::config,
                   cat("gan.", key, " must be above 0 and at most 1e9, not ", value));
  };
  positive(total_kimg, "total_kimg");
  const auto width = [](int64_t value, const char* key) {
    evenray::check(value > 0 && value <= 4096,
                   Exit::config,
                   cat("gan.", key, " must be above 0 and at most 4096, not ", value));
  };
  width(latent, "latent");
  width(ngf, "ngf");
  width(ndf, "ndf");
  positive(lr_g, "lr_g");
  positive(lr_d, "lr_d");
  positive(static_cast<double>(r1_every), "r1_every");
  evenray::check(
      beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
      Exit::config,
      cat("gan.beta1 and gan.beta2 must be from 0 to below 1, not ", beta1, " and ", beta2));
  evenray::check(minibatch >= 2 && minibatch <= 65536,
                 Exit::config,
                 "gan.minibatch must be 2 (batch norm) or more, up to 65536");
  evenray::check(eval_images >= 16, Exit::config, "gan.eval_images must be 16 or more");
  for (const double value : {r1_gamma, ema_kimg, eval_every_kimg})
    evenray::check(
        value >= 0 && value <= 1e9,
        Exit::config,
        cat("gan.r1_gamma, gan.ema_kimg and gan.eval_every_kimg must lie in 0..1e9, not ", value));
  const auto families = gan_families(), presets = gan_presets();
  evenray::check(std::count(families.begin(), families.end(), family) > 0,
                 Exit::config,
                 unknown_name("generator family", family, families));
  evenray::check(std::count(presets.begin(), presets.end(), preset) > 0,
                 Exit::config,
                 unknown_name("gan preset", preset, presets));
  DiffAugment::parse(diffaugment);
}

std::vector<std::string> gan_presets() { return {"reference", "small"}; }

void GanOptions::apply_preset() {
  if (preset != "reference") return;
  minibatch = 64;
  diffaugment = "none";
  ema_kimg = 0;
  spectral_norm = false;
  r1_gamma = 0;
}

}  // namespace evenray
