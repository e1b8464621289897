// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of a two-stage detector. Does not include torch.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace evenray {

/// How candidates for training are chosen, of each image.
struct RcnnSampling {
  double match = .5;     ///< least overlap with a true box to be an object
  double no_match = .5;  ///< below it there is none; between both nothing is learned
  int64_t count = 512;   ///< candidates that are trained on
  double objects = .25;  ///< the largest share of them with an object
};

/// The defaults are those of torchvision's fasterrcnn_resnet50_fpn.
struct RcnnOptions {
  std::string arch = "resnet50";  ///< see rcnn_architectures()
  /// How many of the layers of the backbone are trained, counted from its output; of resnet50, 5
  /// are all. Batch norms of the others keep their statistics.
  int64_t trainable_layers = 3;
  bool frozen_norms = true;    ///< batch norms of the backbone keep their statistics and weights
  double norm_epsilon = 1e-5;  ///< of these; 0 for the weights that torchvision publishes
  bool pyramid = true;         ///< maps of several strides; otherwise only the last one
  int64_t pyramid_channels = 256;
  bool masks = false;            ///< Mask R-CNN: outlines of objects too
  int64_t head_channels = 1024;  ///< width of the two layers after pooling
  /// Of the pixels that the backbone expects, white = 1, red first. Grey images become three equal
  /// channels; a backbone of one channel takes the means of the three numbers.
  std::array<double, 3> mean{.485, .456, .406}, deviation{.229, .224, .225};

  /// Sides of anchors in pixels: with a pyramid one for each of its maps, else all for the one map.
  std::vector<double> anchor_sizes{32, 64, 128, 256, 512};
  std::vector<double> anchor_ratios{.5, 1, 2};  ///< heights divided by widths
  RcnnSampling anchors{.7, .3, 256, .5};
  /// Proposals with the highest scores of each map before non-maximum suppression, and of each
  /// image after it, in training and when boxes are looked for.
  int64_t train_candidates = 2000, train_proposals = 2000;
  int64_t find_candidates = 1000, find_proposals = 1000;
  double proposal_nms = .7;
  double least_proposal_score = 0;

  RcnnSampling proposals{.5, .5, 512, .25};
  double least_score = .05;  ///< of found boxes
  double nms = .5;           ///< of two boxes that overlap more, the one with the lower score goes
  int64_t most_boxes = 100;  ///< found boxes of an image

  /// Throws 78 for a value out of range, naming it.
  void check() const;
};

/// Returns the settings of Faster R-CNN on VGG-16 as Ren et al. 2015 have it and users of
/// torchvision write it: one map of stride 16 with anchors of 32 to 512 px, and hidden layers of
/// 4096.
RcnnOptions vgg16_options();

/// Returns the names that `arch` accepts: the backbones of make_backbone() whose maps have
/// ceil(side / stride) positions, of one channel but for resnet50, which is torchvision's with
/// three; then torchvision's vgg16.
std::vector<std::string> rcnn_architectures();

}  // namespace evenray
