// SPDX-License-Identifier: Apache-2.0
#include "classifier/options.hpp"

#include <algorithm>

#include "augment/policy.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/thresholds.hpp"
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

void check_policy(const std::string& policy, const std::string& tune) {
  if (policy == "none") return;
  try {
    find_policy(policy);
  } catch (const Error& error) {
    throw Error(Exit::config, cat("classify.policy: ", error.what(), "; none: no policy"));
  }
  check(tune != "head",
        Exit::config,
        "classify.policy needs images, so it cannot be used with classify.tune = \"head\"");
}

}  // namespace

std::vector<std::string> architectures() { return backbone_names(); }

void LossOptions::fields(Fields& f) {
  f("name",
    name,
    "cross-entropy (of a softmax for classes that exclude each other, else of one sigmoid for each "
    "class), focal, asymmetric, logit-adjusted or ldam");
  f("gamma", gamma, "focal: exponent of 1 - p; 0 is cross entropy");
  f("gamma_negative", gamma_negative, "asymmetric: exponent of p for negatives");
  f("shift", shift, "asymmetric: what p of negatives is lowered by");
  f("adjustment",
    adjustment,
    "logit-adjusted: factor of the logarithm of a class's share, which is added to its logit");
  f("margin", margin, "ldam: margin of the rarest class, as a cosine");
  f("scale",
    scale,
    "ldam: logits are the cosines of the features and each class's weights, times this");
  f("smoothing", smoothing, "label smoothing: share of each label that all classes get alike");
  f("beta", beta, "base of the effective number of rows, for loss_weights = \"effective\"");
  f("deferred", deferred, "share of the steps before loss_weights take effect");
}

void LossOptions::check() const {
  check_name("loss.name", name, {"cross-entropy", "focal", "asymmetric", "logit-adjusted", "ldam"});
  evenray::check(gamma >= 0 && gamma_negative >= 0 && adjustment >= 0 && margin >= 0,
                 Exit::config,
                 "classify.loss.gamma, gamma_negative, adjustment and margin must not be negative");
  evenray::check(scale > 0, Exit::config, "classify.loss.scale must be above 0");
  evenray::check(shift >= 0 && shift < 1 && smoothing >= 0 && smoothing < 1 && beta >= 0 &&
                     beta < 1 && deferred >= 0 && deferred < 1,
                 Exit::config,
                 "classify.loss.shift, smoothing, beta and deferred must be in [0, 1)");
}

void ClassifyOptions::fields(Fields& f) {
  f("arch", arch, cat("one of: ", join(architectures())));
  f("weights",
    weights,
    "weights to start from: none (random), installed ones (imagenet), a file of "
    "tools/convert-weights, or a trained classifier");
  f("tune",
    tune,
    "what is trained: all; head (the last layer, on features that are computed once, without "
    "online "
    "augmentation); or norm (batch or layer norms and the last layer)");
  f("frozen_statistics",
    frozen_statistics,
    "batch norms keep the statistics of `weights`, for small minibatches");
  f("steps", steps, "optimiser steps");
  f("minibatch", minibatch, "images per step");
  f("lr",
    lr,
    "maximum learning rate of AdamW; 0: .002 for random weights, .0006 for pretrained ones, .003 "
    "with "
    "tune = \"head\"");
  f("layer_decay",
    layer_decay,
    "factor of the learning rate from one depth of the network to the one before it; 1: equal "
    "rates");
  f("weight_decay", weight_decay, "AdamW's decoupled weight decay");
  f("warmup_share",
    warmup_share,
    "share of the steps in which the learning rate rises; then it falls to 0 along half a cosine");
  f("ema_half_life_steps",
    ema_half_life_steps,
    "half-life in steps of the average of the weights; 0: no average");
  f("loss_weights",
    loss_weights,
    "weight of a class in the loss: none; inverse: total / (classes x its images); effective: "
    "inverse to its effective number of images, see loss.beta");
  f("start_scale",
    start_scale,
    "images are shrunk to this share of their sides at first and grow to their size in four "
    "stages (progressive sizes); 1: off");
  f("resident_gb",
    resident_gb,
    "if the images of a part take more GB, they are read from the store during the training "
    "instead of held in memory");
  f("features",
    features,
    "with tune = \"head\": natural, or smote: each class is filled up to the size of the largest, "
    "with rows between its features (SMOTE); where images have several labels, rare classes are "
    "doubled (MLSMOTE)");
  f("sampling",
    sampling,
    "natural; balanced: each class is drawn equally often; square-root: in proportion to the "
    "square root of its images; repeat-factor: images of rare classes are repeated");
  f("repeat_threshold",
    repeat_threshold,
    "repeat-factor: a class with the share f of the images is repeated sqrt(threshold / f) times");
  f("mixup",
    mixup,
    "mix the images of a step in pairs, with weights from Beta(a, a) for this a; 0: off");
  f("cutmix",
    cutmix,
    "replace a rectangle of each image with that of another one, its area from Beta(a, a); 0: off");
  f("policy",
    policy,
    "online augmentation before that of the keys below: none, or a policy of `augment policies`, "
    "for example trivialaugment, which changes each image of a step anew");
  f("mirror",
    mirror,
    "online augmentation: flip left to right half of the time (suits limbs, not chests)");
  f("rotate_deg",
    rotate_deg,
    "online augmentation: maximum rotation in degrees, in both directions");
  f("scale", scale, "online augmentation: scale by a factor from 1 minus this to 1 plus this");
  f("shift", shift, "online augmentation: maximum shift, as a share of each side");
  f("intensity",
    intensity,
    "online augmentation: maximum change of brightness and contrast, in standard deviations");
  f("eval_every", eval_every, "steps between validations; 0: a tenth of the run");
  f("patience",
    patience,
    "stop after this many validations without a better AUPRC; 0: never (a study always runs all "
    "steps)");
  f("threshold",
    threshold,
    "how thresholds are chosen on validation: youden, sensitivity=S (the least), or "
    "cost=MISS:ALARM "
    "(the price of each)");
  f("bootstrap", bootstrap, "bootstrap draws per interval");
  f.section("loss", loss);
}

double ClassifyOptions::learning_rate() const {
  if (lr > 0) return lr;
  if (tune == "head") return 3e-3;
  return weights == "none" ? 2e-3 : 6e-4;
}

void ClassifyOptions::check() const {
  check_name("arch", arch, architectures());
  check_name("loss_weights", loss_weights, {"none", "inverse", "effective"});
  check_name("features", features, {"natural", "smote"});
  evenray::check(features == "natural" || tune == "head",
                 Exit::config,
                 "classify.features = \"smote\" needs classify.tune = \"head\"");
  check_name("sampling", sampling, {"natural", "balanced", "square-root", "repeat-factor"});
  loss.check();
  parse_threshold_rule(threshold);
  evenray::check(repeat_threshold > 0 && repeat_threshold <= 1,
                 Exit::config,
                 "classify.repeat_threshold must be above 0 and at most 1");
  evenray::check(mixup >= 0 && mixup <= 2 && cutmix >= 0 && cutmix <= 2,
                 Exit::config,
                 "classify.mixup and cutmix must be from 0 to 2");
  evenray::check(
      cutmix == 0 || tune != "head",
      Exit::config,
      "classify.cutmix needs images, so it cannot be used with classify.tune = \"head\"");
  evenray::check(start_scale > 0 && start_scale <= 1,
                 Exit::config,
                 "classify.start_scale must be above 0 and at most 1");
  evenray::check(
      start_scale == 1 || tune != "head",
      Exit::config,
      "classify.start_scale needs images, so it cannot be used with classify.tune = \"head\"");
  evenray::check(resident_gb >= 0, Exit::config, "classify.resident_gb must not be negative");
  check_policy(policy, tune);
  evenray::check(steps > 0, Exit::config, "classify.steps must be above 0");
  evenray::check(minibatch >= 2, Exit::config, "classify.minibatch must be 2 or more (batch norm)");
  check_name("tune", tune, {"all", "head", "norm"});
  evenray::check(
      tune == "all" || weights != "none",
      Exit::config,
      cat("classify.tune = \"", tune, "\" needs classify.weights, for example imagenet"));
  evenray::check(!frozen_statistics || weights != "none",
                 Exit::config,
                 "classify.frozen_statistics needs classify.weights, for example imagenet");
  evenray::check(
      !frozen_statistics || !arch.starts_with("vit_"),
      Exit::config,
      "classify.frozen_statistics needs batch norms, which a vision transformer has not");
  evenray::check(lr >= 0, Exit::config, "classify.lr must not be negative");
  evenray::check(layer_decay > 0 && layer_decay <= 1,
                 Exit::config,
                 "classify.layer_decay must be above 0 and at most 1");
  evenray::check(warmup_share >= 0 && warmup_share < 1,
                 Exit::config,
                 "classify.warmup_share must be in [0, 1)");
  evenray::check(
      rotate_deg >= 0 && scale >= 0 && scale < 1 && shift >= 0 && intensity >= 0,
      Exit::config,
      "classify.rotate_deg, scale, shift and intensity must not be negative, and scale must be "
      "below 1");
  evenray::check(eval_every >= 0 && patience >= 0 && bootstrap >= 0,
                 Exit::config,
                 "classify.eval_every, patience and bootstrap must not be negative");
}

}  // namespace evenray
