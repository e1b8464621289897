// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of a generator's training, [gan] of a configuration: common ones, and a section per
// family and technique. Free of torch; the rest of the room's door is gan.hpp.
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// [gan.dcgan] (Radford et al. 2016).
struct DcganOptions {
  int64_t ngf = 64;            ///< generator: channels at half size, doubled at each halving
  int64_t ndf = 64;            ///< discriminator: the same
  bool spectral_norm = false;  ///< discriminator: spectral norm in place of batch norm
  bool residual = false;       ///< residual blocks (SNGAN) in place of plain convolutions

  void fields(Fields& f);
  void check() const;
};

/// [gan.pggan] (Karras et al. 2018).
struct PgganOptions {
  int64_t fmap_base = 1024;  ///< channels are fmap_base / 2 at 4 px, halved per doubling
  int64_t fmap_max = 128;    ///< upper limit of channels
  int64_t stddev_group = 4;  ///< images per group of minibatch stddev; 0: the minibatch
  double stage_kimg = 3;     ///< thousands of images to fade in, and to stabilise, a size
  double final_kimg = 36;    ///< thousands of images to stabilise the last size
  std::vector<int64_t>
      minibatches;  ///< images per step by size from the smallest; empty: gan.minibatch
  std::vector<double> lr_factors;  ///< factors of both learning rates by size; empty: 1

  void fields(Fields& f);
  void check() const;
};

/// [gan.ada]: adaptive augmentation (Karras et al. 2020), used where gan.augment is "ada".
struct AdaOptions {
  double target = .6;  ///< the mean sign of D's outputs for real images that is aimed at
  double kimg = 500;   ///< thousands of images in which the strength may rise from 0 to 1

  void fields(Fields& f);
  void check() const;
};

/// [gan.transfer]: networks to begin with.
struct TransferOptions {
  std::string from = "none";  ///< run folder or checkpoint; majority, all: train a parent; none
  double parent_kimg = 0;     ///< thousands of images of the parent's training; 0: total_kimg
  int64_t freeze_d = 0;       ///< discriminator layers, from the image's side, kept (FreezeD)

  /// Whether a parent of the run's own is trained first.
  bool trains_parent() const { return from == "majority" || from == "all"; }

  void fields(Fields& f);
  void check() const;
};

struct GanOptions {
  std::string family = "dcgan";  ///< dcgan, pggan
  std::string preset = "small";  ///< see gan_presets()
  double total_kimg = 60;    ///< thousands of real images shown; 0: the length of pggan's stages
  int64_t minibatch = 16;    ///< images per step; 0: pggan.minibatches
  int64_t latent = 100;      ///< length of the latent vector
  double lr_ramp_kimg = 0;   ///< thousands of images in which learning rates rise at the start
  double lr_g = 2e-4;        ///< Adam's learning rate of the generator
  double lr_d = 2e-4;        ///< Adam's learning rate of the discriminator
  double beta1 = .5;         ///< of both Adams
  double beta2 = .999;       ///< of both Adams
  std::string loss = "bce";  ///< see loss_names()
  bool own_latents = false;  ///< G's step draws latents of its own, as in pggan's paper
  double gp_weight = 10;     ///< weight of wgan-gp's gradient penalty
  double gp_target = 1;      ///< gradient norm that the penalty aims at
  /// Before the discriminator: DiffAugment's operations, "ada" or "none".
  std::string augment = "brightness,contrast,translation,cutout";
  bool mirror = false;                ///< show each image mirrored half of the time
  std::string where;                  ///< condition on metadata columns; empty: all images
  std::string conditioning = "none";  ///< none, projection, acgan
  double label_warmup = .25;          ///< share of the run before labels count, and until in full
  double ema_kimg = 1;                ///< half-life of the generator's average; 0: no average
  double ema_decay = 0;               ///< decay of that average per step; 0: ema_kimg counts
  double r1_gamma = 0;                ///< weight of the R1 penalty; 0: none
  double r2_gamma = 0;                ///< weight of the R2 penalty; 0: none
  int64_t r1_every = 16;              ///< steps between R1 and R2 penalties
  double lecam_weight = 0;            ///< weight of LeCam's regulariser; 0: none
  double lecam_from_kimg = 4;         ///< thousands of images before LeCam acts
  double eval_every_kimg = 0;         ///< thousands of images between evaluations; 0: a tenth
  int64_t eval_images = 512;          ///< upper limit of images in an evaluation
  bool early_stop = true;             ///< end a training that has collapsed
  bool allow_few = false;             ///< train on fewer than 50 images

  DcganOptions dcgan;
  PgganOptions pggan;
  AdaOptions ada;
  TransferOptions transfer;

  void fields(Fields& f);
  /// Throws 78 with the key as the user writes it. With preset auto the transfer is chosen later,
  /// so freeze_d and parent_kimg are not held against it here.
  void check() const;
  /// The rest of check(), for options whose transfer is decided. Throws 78.
  void check_transfer() const;
  /// Sets what the preset fixes for the family; file and flags are read on top of it.
  void apply_preset();
  /// Images per step at the last resolution.
  int64_t last_minibatch() const;
  /// projection, or acgan where the preset is one of the papers'.
  std::string usual_conditioning() const;
};

/// Fixes nothing by itself: plan_gan_options() does when the store is known.
inline constexpr const char* kAutoPreset = "auto";

std::vector<std::string> gan_families();
/// Of a family, or of all where its name is empty.
std::vector<std::string> gan_presets(const std::string& family = "");

}  // namespace evenray
