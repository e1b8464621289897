// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of a generator's training, [gan] of a configuration: common ones, and one section
// per family and technique. Does not include torch. Read gan.hpp first, the main header of the
// room.
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// [gan.dcgan] (Radford et al. 2016).
struct DcganOptions {
  int64_t ngf = 64;  ///< width of the generator: channels at half size, doubled at each halving
  int64_t ndf = 64;  ///< width of the discriminator: the same
  bool spectral_norm = false;  ///< discriminator: spectral norm instead of batch norm
  bool residual = false;       ///< residual blocks (SNGAN) instead of plain convolutions

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
};

/// [gan.pggan] (Karras et al. 2018).
struct PgganOptions {
  int64_t fmap_base = 1024;  ///< channels are fmap_base / 2 at 4 px, halved at each doubling
  int64_t fmap_max = 128;    ///< maximum number of channels
  int64_t stddev_group = 4;  ///< images per group of minibatch stddev; 0: the minibatch
  double stage_kimg = 3;     ///< thousands of images to fade in a size, and again to stabilise it
  double final_kimg = 36;    ///< thousands of images to stabilise the last size
  std::vector<int64_t>
      minibatches;  ///< images per step per size, smallest first; empty: gan.minibatch
  std::vector<double> lr_factors;  ///< factors on both learning rates per size; empty: 1

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
};

/// [gan.ada]: adaptive augmentation (Karras et al. 2020), used where gan.augment is "ada".
struct AdaOptions {
  double target = .6;  ///< target for the mean sign of D's outputs on real images
  double kimg = 500;   ///< thousands of images in which the strength can rise from 0 to 1

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
};

/// [gan.transfer]: trained networks to start from.
struct TransferOptions {
  std::string from = "none";  ///< run folder, checkpoint, none; majority, all: train a parent
  double parent_kimg = 0;     ///< thousands of images to train the parent; 0: total_kimg
  int64_t freeze_d = 0;       ///< discriminator layers, from the image side, not trained (FreezeD)

  /// Returns true if the run first trains its own parent.
  bool trains_parent() const { return from == "majority" || from == "all"; }

  void fields(Fields& f);
  /// Throws 78 for freeze_d without `from`, or parent_kimg without a parent.
  void check() const;
};

/// Images of a class below which gan.allow_few is required.
inline constexpr int64_t kLeastGanImages = 50;

/// [gan.verdict]: the bounds of a generator's verdict (verdict.hpp). The defaults are derived in
/// docs/results.md.
struct VerdictOptions {
  double usable_excess = .06;     ///< largest excess of SWD of a usable generator; 1: noise
  double weak_excess = .15;       ///< the same of a weak one
  double usable_similarity = .2;  ///< largest excess of MS-SSIM of a usable one; 1: one picture
  double weak_similarity = .4;    ///< the same of a weak one
  double usable_memorised = 1;  ///< largest memorised share of a usable one, in units of its bound
  double weak_memorised = 2;    ///< the same of a weak one
  int64_t usable_images = 32;   ///< fewest images on each side of SWD for "usable"

  void fields(Fields& f);
  /// Throws 78 for a bound that is negative, or above that of a weak generator.
  void check() const;
};

/// [gan] of a configuration.
struct GanOptions {
  std::string family = "dcgan";  ///< network family, see gan_families()
  std::string preset = "small";  ///< see gan_presets()
  double total_kimg = 60;        ///< thousands of real images shown; 0: sum of pggan's stages
  int64_t minibatch = 16;        ///< images per step; 0: pggan.minibatches
  int64_t latent = 100;          ///< length of the latent vector
  double lr_ramp_kimg = 0;   ///< thousands of images over which learning rates rise at the start
  double lr_g = 2e-4;        ///< Adam's learning rate of the generator
  double lr_d = 2e-4;        ///< Adam's learning rate of the discriminator
  double beta1 = .5;         ///< of both Adams
  double beta2 = .999;       ///< of both Adams
  std::string loss = "bce";  ///< see loss_names()
  bool own_latents = false;  ///< draw new latents for G's step, as in PGGAN's paper
  double gp_weight = 10;     ///< weight of wgan-gp's gradient penalty
  double gp_target = 1;      ///< target of the gradient norm
  /// Augmentation before the discriminator: DiffAugment's operations, "ada" or "none".
  std::string augment = "brightness,contrast,translation,cutout";
  bool mirror = false;                ///< flip each image left to right half of the time
  std::string where;                  ///< condition on metadata columns; empty: all images
  std::string conditioning = "none";  ///< none, projection, acgan
  /// Share of the run without labels. Over the same share their weight then rises to 1.
  double label_warmup = .25;
  double ema_kimg = 1;    ///< half-life of G's weight average, thousands of images; 0: no average
  double ema_decay = 0;   ///< decay of that average per step, instead of ema_kimg; 0: use ema_kimg
  double r1_gamma = 0;    ///< weight of the R1 penalty; 0: none
  double r2_gamma = 0;    ///< weight of the R2 penalty; 0: none
  int64_t r1_every = 16;  ///< steps between R1 and R2 penalties
  double lecam_weight = 0;     ///< weight of LeCam's regulariser; 0: none
  double lecam_from_kimg = 4;  ///< thousands of images before LeCam acts
  /// Thousands of images between evaluations. 0: the larger of a tenth of the run and 25 times the
  /// images of one evaluation.
  double eval_every_kimg = 0;
  int64_t eval_images = 512;  ///< maximum number of images in an evaluation
  bool early_stop = true;     ///< stop a training that has collapsed
  bool allow_few = false;     ///< train on fewer than 50 images

  DcganOptions dcgan;
  PgganOptions pggan;
  AdaOptions ada;
  TransferOptions transfer;
  VerdictOptions verdict;

  void fields(Fields& f);
  /// Throws 78, naming the key as the user writes it. With preset auto and transfer "none" the
  /// transfer is chosen later, so [gan.transfer] is not checked here.
  void check() const;
  /// Checks [gan.transfer], after the transfer has been chosen. Throws 78.
  void check_transfer() const;
  /// Sets the values of the preset for the family. File and flags are applied after it.
  void apply_preset();
  /// Returns the images per step at the last resolution.
  int64_t last_minibatch() const;
  /// Returns what --conditional selects: acgan for presets of papers, else projection.
  std::string usual_conditioning() const;
};

/// This preset sets no values itself; plan_gan_options() sets them when the store is known.
inline constexpr const char* kAutoPreset = "auto";

/// Returns the names of the families: dcgan, pggan.
std::vector<std::string> gan_families();
/// Returns the names of the presets of a family, or of all families if `family` is empty.
std::vector<std::string> gan_presets(const std::string& family = "");

}  // namespace evenray
