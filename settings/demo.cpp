// SPDX-License-Identifier: Apache-2.0
#include "settings/config.hpp"

namespace evenray {

Config demo_config(bool quick) {
  Config config;
  config.data.path = "phantom:images=1200,rare_share=.13,seed=7";
  config.data.pack.size_px = {80, 64};
  config.data.ratios = {.5, .15, .35};
  // So few images and minutes draw limbs only with narrow networks, larger learning rates, a mild
  // augmentation and networks of the larger class to start from (docs/results.md, "The demo").
  config.gan.dcgan.ngf = config.gan.dcgan.ndf = 16;
  config.gan.lr_g = config.gan.lr_d = 5e-4;
  config.gan.augment = "translation";
  config.gan.transfer.from = "majority";
  config.gan.transfer.parent_kimg = 28;
  config.gan.total_kimg = 10;
  config.gan.mirror = true;
  config.gan.allow_few = true;
  config.classify.steps = 500;
  config.study.seeds = 2;
  config.study.origin_steps = 60;
  if (!quick) return config;
  config.data.path = "phantom:images=240,rare_share=.25,seed=7,size_px=40x32";
  config.data.pack.size_px = {40, 32};
  config.gan.dcgan.ngf = config.gan.dcgan.ndf = 8;
  config.gan.lr_g = config.gan.lr_d = 1e-3;
  config.gan.total_kimg = config.gan.transfer.parent_kimg = 4;
  config.gan.minibatch = 16;
  config.classify.steps = 20;
  config.classify.minibatch = 16;
  config.study.seeds = 1;
  config.study.bootstrap = 200;
  config.study.judge_images = 64;
  config.study.origin_steps = 10;
  return config;
}

}  // namespace evenray
