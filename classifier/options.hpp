// SPDX-License-Identifier: Apache-2.0
#pragma once
// [classify] of a configuration. Free of torch; the rest of the room's door is classifier.hpp.
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

struct ClassifyOptions {
  std::string arch = "small";         ///< see architectures()
  int64_t steps = 600;                ///< optimiser steps
  int64_t minibatch = 64;             ///< images per step
  double lr = 2e-3;                   ///< AdamW's learning rate at the top of the schedule
  double weight_decay = 1e-2;         ///< AdamW's decoupled weight decay
  double warmup_share = .1;           ///< share of the steps with a rising rate, then half a cosine
  double ema_half_life_steps = 20;    ///< half-life of the weights' average; 0: no average
  std::string loss_weights = "none";  ///< none, inverse (of the class counts)
  std::string sampling = "natural";   ///< natural, balanced (each class equally often)
  bool mirror = true;                 ///< online augmentation: flip half of the images
  double rotate_deg = 10;             ///< online augmentation: rotation, up to, either way
  double scale = .1;                  ///< online augmentation: size by 1 plus or minus
  double shift = .05;                 ///< online augmentation: shift, share of each side
  double intensity = .2;              ///< online augmentation: brightness and contrast, deviations
  int64_t eval_every = 0;             ///< steps between validations; 0: a tenth of the run
  int64_t patience = 0;               ///< validations without a better AUPRC before the end; 0: all
  int64_t bootstrap = 1000;           ///< draws behind each interval

  void fields(Fields& f);
  /// Throws 78 for a value out of range, named as the user writes it.
  void check() const;
};

std::vector<std::string> architectures();

}  // namespace evenray
