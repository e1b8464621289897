// SPDX-License-Identifier: Apache-2.0
#include "gan/options.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "gan/augmentation.hpp"
#include "gan/losses.hpp"
#include "gan/networks.hpp"
#include "gan/presets.hpp"

namespace evenray {
namespace {

void check_positive(double value, const char* key) {
  check(value > 0 && value <= 1e9,
        Exit::config,
        cat("gan.", key, " must be above 0 and at most 1e9, not ", value));
}

void check_not_negative(double value, const char* key) {
  check(value >= 0 && value <= 1e9,
        Exit::config,
        cat("gan.", key, " must lie in 0..1e9, not ", value));
}

void check_width(int64_t value, const char* key) {
  check(value > 0 && value <= 4096,
        Exit::config,
        cat("gan.", key, " must be above 0 and at most 4096, not ", value));
}

void check_minibatches(const GanOptions& o) {
  check(o.pggan.minibatches.empty() || o.minibatch == 0,
        Exit::config,
        "gan.minibatch and gan.pggan.minibatches exclude each other; set gan.minibatch=0, or "
        "gan.pggan.minibatches=[]");
  for (const int64_t images :
       o.pggan.minibatches.empty() ? std::vector{o.minibatch} : o.pggan.minibatches)
    check(images >= 2 && images <= 65536,
          Exit::config,
          "gan.minibatch must be 2 to 65536 (batch norm requires 2)");
}

}  // namespace

void DcganOptions::fields(Fields& f) {
  f("ngf", ngf, "width of the generator: channels at half size, doubled at each halving");
  f("ndf", ndf, "width of the discriminator: the same");
  f("spectral_norm", spectral_norm, "spectral norm instead of batch norm in the discriminator");
  f("residual", residual, "residual blocks (SNGAN) instead of plain convolutions");
}

void DcganOptions::check() const {
  check_width(ngf, "dcgan.ngf");
  check_width(ndf, "dcgan.ndf");
}

void PgganOptions::fields(Fields& f) {
  f("fmap_base",
    fmap_base,
    "channels are fmap_base / 2 at 4 px, halved at each doubling of the size");
  f("fmap_max", fmap_max, "maximum number of channels");
  f("stddev_group", stddev_group, "images per group of minibatch stddev; 0: the minibatch");
  f("stage_kimg",
    stage_kimg,
    "thousands of images to fade in a resolution, and as many again to stabilise it");
  f("final_kimg", final_kimg, "thousands of images to stabilise the last resolution");
  f("minibatches",
    minibatches,
    "images per step for each resolution, smallest first, the last value for all larger ones; "
    "replaces gan.minibatch, which must be 0 then");
  f("lr_factors",
    lr_factors,
    "factors on both learning rates for each resolution, smallest first; empty: 1");
}

void PgganOptions::check() const {
  check_positive(stage_kimg, "pggan.stage_kimg");
  check_positive(final_kimg, "pggan.final_kimg");
  check_width(fmap_max, "pggan.fmap_max");
  evenray::check(fmap_base >= 2 && fmap_base <= 1 << 20,
                 Exit::config,
                 cat("gan.pggan.fmap_base must be 2 to 1048576, not ", fmap_base));
  for (const double factor : lr_factors) check_positive(factor, "pggan.lr_factors");
  evenray::check(stddev_group >= 0, Exit::config, "gan.pggan.stddev_group must not be negative");
}

void AdaOptions::fields(Fields& f) {
  f("target", target, "target for the mean sign of the discriminator's outputs on real images");
  f("kimg", kimg, "thousands of images in which the strength can rise from 0 to 1");
}

void AdaOptions::check() const {
  check_positive(kimg, "ada.kimg");
  evenray::check(target > -1 && target < 1,
                 Exit::config,
                 cat("gan.ada.target must lie between -1 and 1, not ", target));
}

void TransferOptions::fields(Fields& f) {
  f("from",
    from,
    "start from trained networks: a run folder or checkpoint; majority or all: first train a "
    "parent on the largest class or on all classes, in parent/; or none");
  f("parent_kimg", parent_kimg, "thousands of images to train the parent; 0: as total_kimg");
  f("freeze_d",
    freeze_d,
    "number of discriminator layers, from the image side, that are not trained");
}

void TransferOptions::check() const {
  evenray::check(
      freeze_d >= 0 && (freeze_d == 0 || from != "none"),
      Exit::config,
      "gan.transfer.freeze_d requires a discriminator from gan.transfer.from; without one "
      "set it to 0");
  evenray::check(
      parent_kimg == 0 || trains_parent(),
      Exit::config,
      "gan.transfer.parent_kimg requires gan.transfer.from majority or all; without them "
      "set it to 0");
}

void VerdictOptions::fields(Fields& f) {
  f("usable_excess",
    usable_excess,
    "largest excess of SWD of a usable generator, as a share of the way from real images to noise");
  f("weak_excess", weak_excess, "the same of a weak generator; above it: not usable yet");
  f("usable_similarity",
    usable_similarity,
    "largest excess of MS-SSIM of a usable generator, as a share of the way from real images to "
    "copies of one picture");
  f("weak_similarity", weak_similarity, "the same of a weak generator; above it: not usable yet");
  f("usable_memorised",
    usable_memorised,
    "largest memorised share of a usable generator, as a multiple of its bound");
  f("weak_memorised", weak_memorised, "the same of a weak generator; above it: not usable yet");
  f("usable_images",
    usable_images,
    "fewest images on each side of SWD; a generator that was compared with fewer is at most weak");
}

void VerdictOptions::check() const {
  const auto ordered = [](double usable, double weak, const char* key) {
    evenray::check(usable >= 0 && usable <= weak && weak <= 1e9,
                   Exit::config,
                   cat("gan.verdict.usable_",
                       key,
                       " must be at least 0 and at most gan.verdict.weak_",
                       key,
                       ", not ",
                       usable,
                       " and ",
                       weak));
  };
  ordered(usable_excess, weak_excess, "excess");
  ordered(usable_similarity, weak_similarity, "similarity");
  ordered(usable_memorised, weak_memorised, "memorised");
  evenray::check(
      usable_images >= 0, Exit::config, "gan.verdict.usable_images must not be negative");
}

void GanOptions::fields(Fields& f) {
  f("family", family, "network family: dcgan, pggan");
  f("preset",
    preset,
    "auto (planned from image count, size and device), small (for 50 to 5,000 images); dcgan only: "
    "reference (as published), strong (residual, spectral norm, hinge); pggan only: paper, "
    "paper-v1 (as published, the second and the first version)");
  f("total_kimg",
    total_kimg,
    "length of the training in thousands of real images shown; pggan's stages are scaled to it; 0: "
    "the sum of pggan's stages; if it is not set, `gan train` plans it for preset auto and for "
    "preset small of pggan");
  f("minibatch", minibatch, "images per step; 0: gan.pggan.minibatches");
  f("latent", latent, "length of the latent vector");
  f("lr_ramp_kimg",
    lr_ramp_kimg,
    "thousands of images over which the learning rates rise to their full value at the start");
  f("lr_g", lr_g, "Adam's learning rate of the generator");
  f("lr_d", lr_d, "Adam's learning rate of the discriminator");
  f("beta1", beta1, "Adam's beta1");
  f("beta2", beta2, "Adam's beta2");
  f("loss", loss, "adversarial loss: " + join(loss_names()));
  f("own_latents",
    own_latents,
    "draw new latents for the generator's step, as in PGGAN's paper; else the step uses the images "
    "that the discriminator has just seen");
  f("gp_weight", gp_weight, "weight of wgan-gp's gradient penalty");
  f("gp_target", gp_target, "gradient norm that the penalty aims at");
  f("augment",
    augment,
    "augmentation before the discriminator: any of brightness,contrast,translation,cutout "
    "(DiffAugment), or ada (adaptive), or none");
  f("mirror", mirror, "flip each image left to right half of the time (suits limbs, not chests)");
  f("where", where, "only images whose metadata match: sex=F and age>60");
  f("conditioning",
    conditioning,
    "train one generator with the labels of all classes: projection, acgan, or none");
  f("label_warmup",
    label_warmup,
    "share of the run without labels; over the same share their weight then rises to full");
  f("ema_kimg",
    ema_kimg,
    "half-life of the average of the generator's weights, in thousands of images; 0: no average");
  f("ema_decay", ema_decay, "decay of that average per step, as in PGGAN's paper; 0: use ema_kimg");
  f("r1_gamma", r1_gamma, "weight of the R1 gradient penalty; 0: none");
  f("r2_gamma", r2_gamma, "weight of the R2 gradient penalty (R1 on drawn images); 0: none");
  f("r1_every", r1_every, "steps between R1 and R2 penalties (lazy regularisation)");
  f("lecam_weight", lecam_weight, "weight of LeCam's regulariser; 0: none");
  f("lecam_from_kimg", lecam_from_kimg, "thousands of images before LeCam's regulariser acts");
  f("eval_every_kimg",
    eval_every_kimg,
    "thousands of images between evaluations; 0: the larger of a tenth of the run and 25 times the "
    "images of one evaluation");
  f("eval_images", eval_images, "maximum number of images in an evaluation");
  f("early_stop",
    early_stop,
    "stop if three evaluations in a row find samples less diverse than real images, a saturated "
    "discriminator or memorisation");
  f("allow_few", allow_few, "train on fewer than 50 images of the class");
  f.section("dcgan", dcgan);
  f.section("pggan", pggan);
  f.section("ada", ada);
  f.section("transfer", transfer);
  f.section("verdict", verdict);
  for (const char* key : {"ngf", "ndf", "spectral_norm", "residual"})
    f.moved(key, cat("dcgan.", key));
  for (const char* key : {"fmap_base",
                          "fmap_max",
                          "stddev_group",
                          "stage_kimg",
                          "final_kimg",
                          "minibatches",
                          "lr_factors"})
    f.moved(key, cat("pggan.", key));
  f.moved("ada_target", "ada.target");
  f.moved("ada_kimg", "ada.kimg");
  f.moved("transfer", "transfer.from");
  for (const char* key : {"parent_kimg", "freeze_d"}) f.moved(key, cat("transfer.", key));
}

void GanOptions::check() const {
  const auto families = gan_families();
  evenray::check(std::count(families.begin(), families.end(), family) > 0,
                 Exit::config,
                 unknown_name("generator family", family, families));
  if (!family_grows(family) || total_kimg != 0) check_positive(total_kimg, "total_kimg");
  check_preset(*this);
  check_width(latent, "latent");
  evenray::check(latent > 1, Exit::config, "gan.latent must be 2 or more");
  check_positive(lr_g, "lr_g");
  check_positive(lr_d, "lr_d");
  evenray::check(
      beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
      Exit::config,
      cat("gan.beta1 and gan.beta2 must be from 0 to below 1, not ", beta1, " and ", beta2));
  check_positive(static_cast<double>(r1_every), "r1_every");
  check_positive(gp_target, "gp_target");
  check_not_negative(r1_gamma, "r1_gamma");
  check_not_negative(r2_gamma, "r2_gamma");
  check_not_negative(gp_weight, "gp_weight");
  check_not_negative(ema_kimg, "ema_kimg");
  evenray::check(
      ema_decay >= 0 && ema_decay < 1, Exit::config, "gan.ema_decay must lie in 0 to below 1");
  check_not_negative(lr_ramp_kimg, "lr_ramp_kimg");
  check_not_negative(eval_every_kimg, "eval_every_kimg");
  evenray::check(eval_images >= 16, Exit::config, "gan.eval_images must be 16 or more");
  check_not_negative(lecam_weight, "lecam_weight");
  check_not_negative(lecam_from_kimg, "lecam_from_kimg");
  evenray::check(label_warmup >= 0 && label_warmup <= .4,
                 Exit::config,
                 cat("gan.label_warmup must lie in 0..0.4, not ", label_warmup));
  Augmentation(*this, torch::kCPU);
  loss_named(loss);
  evenray::check(augment != "ada" || loss == "bce" || loss == "hinge",
                 Exit::config,
                 "gan.augment=ada requires gan.loss=bce or hinge");
  Where::parse(where);
  check_minibatches(*this);
  dcgan.check();
  pggan.check();
  ada.check();
  verdict.check();
  check_family(*this);
  if (preset != kAutoPreset || transfer.from != "none") transfer.check();
  const bool labelled = conditioning_named(conditioning) != Conditioning::none;
  evenray::check(!labelled || !transfer.trains_parent(),
                 Exit::config,
                 cat("gan.transfer.from ",
                     transfer.from,
                     " requires a training of one class, but gan.conditioning ",
                     conditioning,
                     " trains on all classes; set one of them to none"));
}

void GanOptions::check_transfer() const { transfer.check(); }

int64_t GanOptions::last_minibatch() const {
  return pggan.minibatches.empty() ? minibatch : pggan.minibatches.back();
}

}  // namespace evenray
