// SPDX-License-Identifier: Apache-2.0
#pragma once
// [detect] of a configuration. Does not include torch. Read detector.hpp first, the main header of
// the room.
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// [detect] of a configuration.
struct DetectOptions {
  std::string arch = "small";    ///< see detector_architectures()
  std::string size = "small";    ///< of pyramid and head: nano or small
  std::string weights = "none";  ///< to start from: none, or see start_weights.hpp
  /// Groups of the backbone's layers, from its input (see Backbone::depths), that keep their
  /// pretrained weights and statistics.
  int64_t frozen_depths = 0;
  bool frozen_statistics = false;  ///< batch norms of the backbone keep those of `weights`
  std::string assigner = "soft";   ///< one-stage: soft or simota, see assign.hpp
  int64_t steps = 2000;            ///< optimiser steps
  int64_t minibatch = 16;          ///< images per step
  double negatives = .5;  ///< share of a minibatch that has no boxes; -1: as among the images
  std::string sampling = "natural";  ///< of images with boxes: natural or repeat-factor
  double repeat_threshold = .5;      ///< repeat-factor: the share below which images are repeated
  double lr = 0;                     ///< AdamW's maximum learning rate; 0: see learning_rate()
  double weight_decay = .05;         ///< AdamW's decoupled weight decay
  double warmup_share = .05;         ///< share of the steps with rising rate, then half a cosine
  double ema_half_life_steps = 100;  ///< half-life of the weight average; 0: no average
  double resident_gb = 4;       ///< images of a part above this size are read while they are used
  bool mirror = true;           ///< online augmentation: flip left to right half of the time
  double rotate_deg = 10;       ///< online augmentation: maximum rotation, both directions
  double scale = .2;            ///< online augmentation: factor up to 1 plus or minus this
  double shift = .1;            ///< online augmentation: maximum shift, share of each side
  double intensity = .2;        ///< online augmentation: brightness, contrast, as a share
  std::string policy = "none";  ///< online augmentation before that: of policy_names(), or none
  double mosaic = 0;            ///< online augmentation: probability of four images in one
  double copy_paste = 0;        ///< online augmentation: probability of objects of another image
  double multi_scale = 0;       ///< online augmentation: sides by up to 1 plus or minus this a step
  int64_t crop_px = 0;          ///< online augmentation: side of a square around a box; 0: off
  double plain_share =
      .15;  ///< last share of the steps, without mosaic, copy_paste and multi_scale
  double anchor_px =
      32;  ///< two-stage: side of the smallest anchors; each further map has twice it
  double least_score = .01;  ///< found boxes with lower scores are dropped
  double nms = .6;           ///< of two boxes that overlap more, one goes; not of U-Nets
  int64_t most_boxes = 100;  ///< found boxes of an image
  int64_t eval_every = 0;    ///< steps between validations; 0: a tenth of the run
  int64_t bootstrap = 1000;  ///< bootstrap draws per interval

  void fields(Fields& f);
  /// Returns lr, or if it is 0, .002 for random weights and .003 for pretrained ones; of two-stage
  /// detectors .0002 and .0001.
  double learning_rate() const;
  /// Whether step number `step`, from 0, is in the last plain_share of the steps.
  bool is_plain(int64_t step) const;
  /// Throws 78 for a value out of range, naming the key as the user writes it.
  void check() const;
};

/// Returns the names that `arch` accepts: backbones whose maps have exactly ceil(side / stride)
/// positions, which boxes need; two-stage detectors: fasterrcnn_resnet50_fpn, fasterrcnn_vgg16 and
/// maskrcnn_resnet50_fpn (torchvision's), fasterrcnn_BACKBONE_fpn and maskrcnn_BACKBONE_fpn; and
/// unet_BACKBONE.
std::vector<std::string> detector_architectures();
/// Whether `arch` names a two-stage detector, a U-Net, a network that gives masks of objects.
bool is_two_stage(const std::string& arch);
bool is_unet(const std::string& arch);
bool gives_masks(const std::string& arch);
/// Returns the name of the backbone of `arch`.
std::string backbone_of(const std::string& arch);

}  // namespace evenray
