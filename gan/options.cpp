// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "gan/augmentation.hpp"
#include "gan/gan.hpp"
#include "gan/losses.hpp"
#include "gan/networks.hpp"

namespace evenray {
namespace {

void dcgan_reference(GanOptions& o) {
  o.minibatch = 64;
  o.augment = "none";
  o.ema_kimg = 0;
  o.spectral_norm = false;
  o.r1_gamma = 0;
  o.early_stop = false;
}

/// SNGAN's networks at the learning rates of SAGAN (Zhang et al. 2019), one step of D a step of G.
void dcgan_strong(GanOptions& o) {
  o.residual = true;
  o.spectral_norm = true;
  o.loss = "hinge";
  o.latent = 128;
  o.ngf = o.ndf = 16;
  o.lr_g = 1e-4;
  o.lr_d = 4e-4;
  o.beta1 = 0;
  o.beta2 = .9;
}

/// The size of the networks comes from the defaults.
void pggan_small(GanOptions& o) {
  o.latent = 128;
  o.lr_g = o.lr_d = 1e-3;
  o.beta1 = 0;
  o.beta2 = .99;
  o.r1_gamma = 1;
}

/// What both published versions share (Karras et al. 2018, appendix A).
void pggan_published(GanOptions& o) {
  o.latent = 512;
  o.fmap_base = 8192;
  o.fmap_max = 512;
  o.loss = "wgan-gp";
  o.lr_g = o.lr_d = 1e-3;
  o.beta1 = 0;
  o.beta2 = .99;
  o.augment = "none";
  o.r1_gamma = 0;
  o.ema_decay = .999;
  o.total_kimg = 0;
  o.minibatch = 0;
  o.own_latents = true;
  o.label_warmup = 0;
  o.early_stop = false;
}

/// Their second version on one GPU: 12,000 kimg at 1024 px.
void pggan_paper(GanOptions& o) {
  pggan_published(o);
  o.stage_kimg = 600;
  o.final_kimg = 2400;
  o.minibatches = {128, 128, 128, 64, 32, 16, 8, 4, 4};
  o.lr_factors = {1, 1, 1, 1, 1, 1, 1, 1, 1.5};
}

/// Their first: 19,000 kimg at 1024 px, groups of the whole minibatch, learning rates that rise at
/// the start and are alike at all sizes.
void pggan_paper_v1(GanOptions& o) {
  pggan_published(o);
  o.stage_kimg = 800;
  o.final_kimg = 6200;
  o.minibatches = {16, 16, 16, 16, 16, 16, 14, 6, 3};
  o.stddev_group = 0;
  o.lr_ramp_kimg = 40;
}

struct Preset {
  std::string_view family, name;
  void (*apply)(GanOptions&);
};
/// `auto` fixes nothing: plan_gan_options() does, when the store is known.
constexpr std::array kPresets{Preset{"dcgan", kAutoPreset, [](GanOptions&) {}},
                              Preset{"pggan", kAutoPreset, [](GanOptions&) {}},
                              Preset{"dcgan", "reference", &dcgan_reference},
                              Preset{"dcgan", "small", [](GanOptions&) {}},
                              Preset{"dcgan", "strong", &dcgan_strong},
                              Preset{"pggan", "small", &pggan_small},
                              Preset{"pggan", "paper", &pggan_paper},
                              Preset{"pggan", "paper-v1", &pggan_paper_v1}};

}  // namespace

void GanOptions::fields(Fields& f) {
  f("family", family, "network family: dcgan, pggan");
  f("preset",
    preset,
    "auto (planned from image count, size and device), small (what 50 to 5,000 images need); of "
    "dcgan: reference (as published), strong (residual, "
    "spectral norm, hinge); of pggan: paper, paper-v1 (as published, the second and the first "
    "version)");
  f("total_kimg",
    total_kimg,
    "thousands of real images shown; stages are stretched to it; 0: as long as pggan's stages are; "
    "`gan train` plans it for the preset auto and pggan's small where it is not set");
  f("minibatch", minibatch, "images a step; 0: minibatches");
  f("minibatches",
    minibatches,
    "pggan: images a step by resolution from the smallest on, the last for all above, in place of "
    "minibatch, which is 0 then");
  f("latent", latent, "length of the latent vector");
  f("ngf", ngf, "width of the generator: channels at half size, doubled at each halving");
  f("ndf", ndf, "width of the discriminator, likewise");
  f("fmap_base", fmap_base, "pggan: channels are fmap_base / 2 at 4 px, halved at each doubling");
  f("fmap_max", fmap_max, "pggan: but at most so many");
  f("stddev_group", stddev_group, "pggan: images a group of minibatch stddev; 0: the minibatch");
  f("stage_kimg",
    stage_kimg,
    "pggan: thousands of images to fade a resolution in, and as many to stabilise it");
  f("final_kimg", final_kimg, "pggan: thousands of images to stabilise the last resolution");
  f("lr_factors", lr_factors, "pggan: factors of both learning rates by resolution; empty: 1");
  f("lr_ramp_kimg",
    lr_ramp_kimg,
    "thousands of images in which learning rates rise to their height at the start");
  f("lr_g", lr_g, "Adam's learning rate of the generator");
  f("lr_d", lr_d, "and of the discriminator");
  f("beta1", beta1, "Adam's beta1");
  f("beta2", beta2, "Adam's beta2");
  f("loss", loss, "adversarial loss: " + join(loss_names()));
  f("own_latents",
    own_latents,
    "the generator's step draws latents of its own, as pggan's paper; else it goes by the images "
    "that the discriminator has just seen");
  f("gp_weight", gp_weight, "weight of wgan-gp's gradient penalty");
  f("gp_target", gp_target, "gradient norm that it wants");
  f("augment",
    augment,
    "augmentation before the discriminator: some of brightness,contrast,translation,cutout "
    "(DiffAugment), ada (adaptive), or none");
  f("ada_target", ada_target, "share by which D's signs for real images may lean before ada acts");
  f("ada_kimg", ada_kimg, "thousands of images in which ada's strength may rise from 0 to 1");
  f("mirror", mirror, "show each image flipped left to right half of the time (limbs; not chests)");
  f("where", where, "only images whose metadata say so: sex=F and age>60");
  f("conditioning",
    conditioning,
    "labels of all classes in one generator: projection, acgan, or none");
  f("label_warmup",
    label_warmup,
    "share of the run before labels count, and again until they count in full");
  f("transfer",
    transfer,
    "begin with trained networks: a run folder or checkpoint; majority or all: first train on the "
    "largest class, on all classes, in parent/; or none");
  f("parent_kimg", parent_kimg, "thousands of images of that first training; 0: as total_kimg");
  f("freeze_d",
    freeze_d,
    "with transfer: layers of the discriminator, from the image's side, kept");
  f("ema_kimg",
    ema_kimg,
    "half-life of the generator's average in thousands of images; 0: no average");
  f("ema_decay", ema_decay, "decay of that average a step instead, as pggan's paper; 0: ema_kimg");
  f("spectral_norm", spectral_norm, "spectral norm in place of batch norm in the discriminator");
  f("residual", residual, "dcgan: residual blocks (SNGAN) in place of plain convolutions");
  f("r1_gamma", r1_gamma, "weight of the R1 gradient penalty; 0: none");
  f("r2_gamma", r2_gamma, "the same on drawn images (R2)");
  f("r1_every", r1_every, "steps between R1 and R2 penalties (lazy regularisation)");
  f("lecam_weight", lecam_weight, "weight of LeCam's regulariser; 0: none");
  f("lecam_from_kimg", lecam_from_kimg, "thousands of images before it acts");
  f("eval_every_kimg",
    eval_every_kimg,
    "thousands of images between evaluations; 0: a tenth of the run, or 25 times as many as one "
    "compares");
  f("eval_images", eval_images, "at most so many images in an evaluation");
  f("early_stop",
    early_stop,
    "end where three evaluations in a row found samples less diverse than real ones, a saturated "
    "discriminator or memorisation");
  f("allow_few", allow_few, "train on fewer than 50 images of the class");
}

void GanOptions::check() const {
  const auto positive = [](double value, const char* key) {
    evenray::check(value > 0 && value <= 1e9,
                   Exit::config,
                   cat("gan.", key, " must be above 0 and at most 1e9, not ", value));
  };
  const auto families = gan_families();
  evenray::check(std::count(families.begin(), families.end(), family) > 0,
                 Exit::config,
                 unknown_name("generator family", family, families));
  const bool grows = family_grows(family);
  if (!grows || total_kimg != 0) positive(total_kimg, "total_kimg");
  positive(stage_kimg, "stage_kimg");
  positive(final_kimg, "final_kimg");
  positive(gp_target, "gp_target");
  const auto width = [](int64_t value, const char* key) {
    evenray::check(value > 0 && value <= 4096,
                   Exit::config,
                   cat("gan.", key, " must be above 0 and at most 4096, not ", value));
  };
  width(latent, "latent");
  evenray::check(latent > 1, Exit::config, "gan.latent must be 2 or more");
  width(ngf, "ngf");
  width(ndf, "ndf");
  width(fmap_max, "fmap_max");
  evenray::check(fmap_base >= 2 && fmap_base <= 1 << 20,
                 Exit::config,
                 cat("gan.fmap_base must be 2 to 1048576, not ", fmap_base));
  positive(lr_g, "lr_g");
  positive(lr_d, "lr_d");
  positive(static_cast<double>(r1_every), "r1_every");
  evenray::check(
      beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
      Exit::config,
      cat("gan.beta1 and gan.beta2 must be from 0 to below 1, not ", beta1, " and ", beta2));
  evenray::check(minibatches.empty() || minibatch == 0,
                 Exit::config,
                 "gan.minibatch and gan.minibatches exclude one another; set gan.minibatch=0, or "
                 "gan.minibatches=[]");
  for (const int64_t images : minibatches.empty() ? std::vector{minibatch} : minibatches) {
    evenray::check(images >= 2 && images <= 65536,
                   Exit::config,
                   "gan.minibatch must be 2 (batch norm) or more, up to 65536");
    evenray::check(
        !grows || stddev_group == 0 || images < stddev_group || images % stddev_group == 0,
        Exit::config,
        cat("gan.minibatch of ",
            images,
            " is no multiple of gan.stddev_group ",
            stddev_group,
            "; choose others, or 0 for groups of the whole minibatch"));
  }
  for (const double factor : lr_factors) positive(factor, "lr_factors");
  evenray::check(stddev_group >= 0 && ema_decay >= 0 && ema_decay < 1,
                 Exit::config,
                 "gan.stddev_group must not be negative, gan.ema_decay lie in 0 to below 1");
  evenray::check(eval_images >= 16, Exit::config, "gan.eval_images must be 16 or more");
  const auto not_negative = [](double value, const char* key) {
    evenray::check(value >= 0 && value <= 1e9,
                   Exit::config,
                   cat("gan.", key, " must lie in 0..1e9, not ", value));
  };
  not_negative(r1_gamma, "r1_gamma");
  not_negative(r2_gamma, "r2_gamma");
  not_negative(gp_weight, "gp_weight");
  not_negative(ema_kimg, "ema_kimg");
  not_negative(lr_ramp_kimg, "lr_ramp_kimg");
  not_negative(eval_every_kimg, "eval_every_kimg");
  const auto presets = gan_presets(family);
  std::string others;
  for (const auto& known : kPresets)
    if (known.name == preset) others = cat("; --family ", known.family, " has it");
  evenray::check(std::count(presets.begin(), presets.end(), preset) > 0,
                 Exit::config,
                 unknown_name("gan preset", preset, presets) + others);
  Augmentation(*this, torch::kCPU);
  loss_named(loss);
  const bool labelled = conditioning_named(conditioning) != Conditioning::none;
  Where::parse(where);
  not_negative(lecam_weight, "lecam_weight");
  not_negative(lecam_from_kimg, "lecam_from_kimg");
  not_negative(parent_kimg, "parent_kimg");
  positive(ada_kimg, "ada_kimg");
  evenray::check(ada_target > -1 && ada_target < 1,
                 Exit::config,
                 cat("gan.ada_target must lie between -1 and 1, not ", ada_target));
  evenray::check(label_warmup >= 0 && label_warmup <= .4,
                 Exit::config,
                 cat("gan.label_warmup must lie in 0..0.4, not ", label_warmup));
  evenray::check(!residual || (family == "dcgan" && spectral_norm),
                 Exit::config,
                 "gan.residual is for the family dcgan, with gan.spectral_norm");
  evenray::check(!spectral_norm || family == "dcgan",
                 Exit::config,
                 "gan.spectral_norm is for the family dcgan");
  evenray::check(augment != "ada" || loss == "bce" || loss == "hinge",
                 Exit::config,
                 "gan.augment ada goes by the signs of D's outputs, which say something with the "
                 "losses bce and hinge");
  evenray::check(
      freeze_d >= 0 && (freeze_d == 0 || transfer != "none"),
      Exit::config,
      "gan.freeze_d keeps layers of a discriminator that gan.transfer brings; without one set "
      "it to 0");
  const bool trains_parent = transfer == "majority" || transfer == "all";
  evenray::check(parent_kimg == 0 || trains_parent,
                 Exit::config,
                 "gan.parent_kimg is for gan.transfer majority or all; without them set it to 0");
  evenray::check(
      !labelled || !trains_parent,
      Exit::config,
      cat("gan.transfer ", transfer, " is for one class; a generator with labels learns of all"));
}

int64_t GanOptions::last_minibatch() const {
  return minibatches.empty() ? minibatch : minibatches.back();
}

std::string GanOptions::usual_conditioning() const {
  return preset.starts_with("paper") ? "acgan" : "projection";
}

std::vector<std::string> gan_presets(const std::string& family) {
  std::vector<std::string> names;
  for (const auto& preset : kPresets)
    if ((family.empty() || preset.family == family) &&
        std::count(names.begin(), names.end(), preset.name) == 0)
      names.emplace_back(preset.name);
  return names;
}

void GanOptions::apply_preset() {
  for (const auto& known : kPresets)
    if (known.family == family && known.name == preset) known.apply(*this);
}

}  // namespace evenray
