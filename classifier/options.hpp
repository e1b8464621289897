// SPDX-License-Identifier: Apache-2.0
#pragma once
// [classify] of a configuration. Does not include torch. Read classifier.hpp first, the main header
// of the room.
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// [classify.loss] of a configuration: constants of the losses, see loss.hpp.
struct LossOptions {
  std::string name = "cross-entropy";  ///< or focal, asymmetric, logit-adjusted, ldam
  double gamma = 2;                    ///< focal: exponent
  double gamma_negative = 4;           ///< asymmetric: exponent of negatives
  double shift = .05;                  ///< asymmetric: probability taken from negatives
  double adjustment = 1;               ///< logit-adjusted: factor of log(share of the class)
  double margin = .5;                  ///< ldam: of the rarest class, as a cosine
  double scale = 30;                   ///< ldam: logits are the cosines times this
  double smoothing = 0;                ///< share of a label that all classes get alike
  double beta = .999;                  ///< base of the effective number of rows
  double deferred = 0;                 ///< share of the steps before classify.loss_weights acts

  void fields(Fields& f);
  /// Returns `scale` of ldam, 0 of other losses, see ClassifierNet.
  double cosine_scale() const { return name == "ldam" ? scale : 0; }
  /// Throws 78 for a value out of range, naming the key as the user writes it.
  void check() const;
};

/// [classify] of a configuration.
struct ClassifyOptions {
  std::string arch = "small";  ///< see architectures()
  std::string weights =
      "none";                ///< of its start: none (random), or as read_pretrained() takes them
  std::string tune = "all";  ///< what is trained: all, head, norm (its norms and the head)
  bool frozen_statistics = false;  ///< batch norms keep the statistics of the weights
  int64_t steps = 600;             ///< optimiser steps
  int64_t minibatch = 64;          ///< images per step
  double lr = 0;                   ///< AdamW's maximum learning rate; 0: see learning_rate()
  double layer_decay = 1;      ///< factor of the learning rate from one depth to the one before it
  double weight_decay = 1e-2;  ///< AdamW's decoupled weight decay
  double warmup_share = .1;    ///< share of the steps with rising rate, then half a cosine to 0
  double ema_half_life_steps = 20;    ///< half-life in steps of the weight average; 0: no average
  std::string loss_weights = "none";  ///< none, inverse (to the class counts), effective
  double start_scale = 1;             ///< share of the side of images that a training starts with
  double resident_gb = 4;  ///< images of a part above this size are read while they are used
  std::string features = "natural";  ///< with tune = head: natural, smote (fills up rare classes)
  std::string sampling = "natural";  ///< or balanced, square-root, repeat-factor
  double repeat_threshold = .5;      ///< repeat-factor: the share below which rows are repeated
  double mixup = 0;                  ///< a of Beta(a, a) for mixing rows; 0: off
  double cutmix = 0;                 ///< the same for replacing a rectangle; 0: off
  std::string policy = "none";       ///< online augmentation: of policy_names(), or none
  bool mirror = true;                ///< online augmentation: flip left to right half of the time
  double rotate_deg = 10;            ///< online augmentation: maximum rotation, both directions
  double scale = .1;                 ///< online augmentation: factor up to 1 plus or minus this
  double shift = .05;                ///< online augmentation: maximum shift, share of each side
  double intensity = .2;             ///< online augmentation: brightness, contrast, in deviations
  int64_t eval_every = 0;            ///< steps between validations; 0: a tenth of the run
  int64_t patience = 0;  ///< validations without a better AUPRC before it stops; 0: never
  std::string threshold = "youden";  ///< see parse_threshold_rule()
  int64_t bootstrap = 1000;          ///< bootstrap draws per interval
  LossOptions loss;

  void fields(Fields& f);
  /// Returns lr, or if it is 0, 2e-3 for random weights, 6e-4 for pretrained ones, and 3e-3 if only
  /// the head is trained.
  double learning_rate() const;
  /// Throws 78 for a value out of range, naming the key as the user writes it.
  void check() const;
};

/// Returns the names that `arch` accepts.
std::vector<std::string> architectures();

}  // namespace evenray
