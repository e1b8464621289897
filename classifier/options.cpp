// SPDX-License-Identifier: Apache-2.0
#include "classifier/options.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/backbone.hpp"

namespace evenray {
namespace {

void check_name(const std::string& key,
                const std::string& value,
                const std::vector<std::string>& known) {
  check(std::count(known.begin(), known.end(), value) > 0,
        Exit::config,
        unknown_name("classify." + key, value, known));
}

}  // namespace

std::vector<std::string> architectures() { return backbone_names(); }

void ClassifyOptions::fields(Fields& f) {
  f("arch", arch, "small (residual, .3 M parameters) or resnet18");
  f("steps", steps, "optimiser steps");
  f("minibatch", minibatch, "images a step");
  f("lr", lr, "AdamW's learning rate at the top of the schedule");
  f("weight_decay", weight_decay, "AdamW's decoupled weight decay");
  f("warmup_share",
    warmup_share,
    "share of the steps with a rising rate; then half a cosine down to 0");
  f("ema_half_life_steps", ema_half_life_steps, "half-life of the weights' average; 0: no average");
  f("loss_weights",
    loss_weights,
    "none, or inverse: a class weighs total / (classes x its images) in the loss");
  f("sampling", sampling, "natural, or balanced: each class is drawn equally often");
  f("mirror",
    mirror,
    "online augmentation: flip left to right half of the time (limbs; not chests)");
  f("rotate_deg", rotate_deg, "online augmentation: rotation up to so many degrees either way");
  f("scale", scale, "online augmentation: size by 1 plus or minus so much");
  f("shift", shift, "online augmentation: shift by so much of each side");
  f("intensity",
    intensity,
    "online augmentation: brightness and contrast by so many standard deviations");
  f("eval_every", eval_every, "steps between validations; 0: a tenth of the run");
  f("patience",
    patience,
    "stop after so many validations without a better AUPRC; 0: never (a study always runs all "
    "steps)");
  f("bootstrap", bootstrap, "draws behind each interval");
}

void ClassifyOptions::check() const {
  check_name("arch", arch, architectures());
  check_name("loss_weights", loss_weights, {"none", "inverse"});
  check_name("sampling", sampling, {"natural", "balanced"});
  evenray::check(steps > 0, Exit::config, "classify.steps must be above 0");
  evenray::check(minibatch >= 2, Exit::config, "classify.minibatch must be 2 or more (batch norm)");
  evenray::check(lr > 0, Exit::config, "classify.lr must be above 0");
  evenray::check(warmup_share >= 0 && warmup_share < 1,
                 Exit::config,
                 "classify.warmup_share must be in [0, 1)");
  evenray::check(
      rotate_deg >= 0 && scale >= 0 && scale < 1 && shift >= 0 && intensity >= 0,
      Exit::config,
      "classify.rotate_deg, scale, shift and intensity must not be negative, scale below 1");
  evenray::check(eval_every >= 0 && patience >= 0 && bootstrap >= 0,
                 Exit::config,
                 "classify.eval_every, patience and bootstrap must not be negative");
}

}  // namespace evenray
