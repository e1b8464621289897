// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/options.hpp"
#include "gan/presets.hpp"

namespace evenray {
namespace {

void dcgan_reference(GanOptions& o) {
  o.minibatch = 64;
  o.augment = "none";
  o.ema_kimg = 0;
  o.dcgan.spectral_norm = false;
  o.r1_gamma = 0;
  o.early_stop = false;
}

/// SNGAN's networks with the learning rates of SAGAN (Zhang et al. 2019), one step of D per step of
/// G.
void dcgan_strong(GanOptions& o) {
  o.dcgan.residual = true;
  o.dcgan.spectral_norm = true;
  o.loss = "hinge";
  o.latent = 128;
  o.dcgan.ngf = o.dcgan.ndf = 16;
  o.lr_g = 1e-4;
  o.lr_d = 4e-4;
  o.beta1 = 0;
  o.beta2 = .9;
}

/// The sizes of the networks are the defaults.
void pggan_small(GanOptions& o) {
  o.latent = 128;
  o.lr_g = o.lr_d = 1e-3;
  o.beta1 = 0;
  o.beta2 = .99;
  o.r1_gamma = 1;
}

/// The settings that both published versions share (Karras et al. 2018, appendix A).
void pggan_published(GanOptions& o) {
  o.latent = 512;
  o.pggan.fmap_base = 8192;
  o.pggan.fmap_max = 512;
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

/// The second published version, on one GPU: 12,000 kimg at 1024 px.
void pggan_paper(GanOptions& o) {
  pggan_published(o);
  o.pggan.stage_kimg = 600;
  o.pggan.final_kimg = 2400;
  o.pggan.minibatches = {128, 128, 128, 64, 32, 16, 8, 4, 4};
  o.pggan.lr_factors = {1, 1, 1, 1, 1, 1, 1, 1, 1.5};
}

/// The first published version: 19,000 kimg at 1024 px, minibatch stddev over the whole minibatch,
/// learning rates that rise at the start and are equal at all sizes.
void pggan_paper_v1(GanOptions& o) {
  pggan_published(o);
  o.pggan.stage_kimg = 800;
  o.pggan.final_kimg = 6200;
  o.pggan.minibatches = {16, 16, 16, 16, 16, 16, 14, 6, 3};
  o.pggan.stddev_group = 0;
  o.lr_ramp_kimg = 40;
}

struct Preset {
  std::string_view family, name;
  void (*apply)(GanOptions&);
};
/// `auto` sets nothing here; plan_gan_options() sets its values when the store is known.
constexpr std::array kPresets{Preset{"dcgan", kAutoPreset, [](GanOptions&) {}},
                              Preset{"pggan", kAutoPreset, [](GanOptions&) {}},
                              Preset{"dcgan", "reference", &dcgan_reference},
                              Preset{"dcgan", "small", [](GanOptions&) {}},
                              Preset{"dcgan", "strong", &dcgan_strong},
                              Preset{"pggan", "small", &pggan_small},
                              Preset{"pggan", "paper", &pggan_paper},
                              Preset{"pggan", "paper-v1", &pggan_paper_v1}};

}  // namespace

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

std::string GanOptions::usual_conditioning() const {
  return preset.starts_with("paper") ? "acgan" : "projection";
}

void check_preset(const GanOptions& options) {
  const auto presets = gan_presets(options.family);
  if (std::count(presets.begin(), presets.end(), options.preset) > 0) return;
  std::string others;
  for (const auto& known : kPresets)
    if (known.name == options.preset) others = cat("; --family ", known.family, " has that preset");
  throw Error(Exit::config, unknown_name("gan preset", options.preset, presets) + others);
}

}  // namespace evenray
