// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/operation.hpp"

namespace evenray {

/// What an operation of a policy is applied to.
enum class Target {
  image,     ///< the whole image; boxes move with it
  each_box,  ///< the inside of each box, on its own ("Only_BBoxes" of Zoph et al. 2020)
  one_box,   ///< a place in one box ("BBox_Cutout" of Zoph et al. 2020)
};

/// How strong the operations of published policies are: tables of magnitudes, torchvision's but for
/// the last two, in which each operation has a value for each bin from 0.
enum class Magnitudes {
  auto_augment,     ///< Cubuk et al. 2019: 10 bins
  rand_augment,     ///< Cubuk et al. 2020: the same ranges in 31 bins
  trivial_augment,  ///< Müller and Hutter 2021, the "wide" space: 31 bins, shifts in pixels
  aug_mix,          ///< Hendrycks et al. 2020: 10 bins
  /// Zoph et al. 2020 in the published code (TensorFlow's TPU models): 11 bins. Shifts are up to
  /// 250 px, in boxes 120 px; squares that are cut out have up to 200 px, in boxes 100 px. The
  /// paper's images have sides of 640 px and more; on small images these lengths leave little.
  detection,
  detection_share,  ///< the same, these lengths per 640 px of the side
};

/// Returns the number of bins of each operation.
int magnitude_bins(Magnitudes magnitudes);
/// Whether lengths are a number of pixels, not a share of the side.
bool lengths_in_pixels(Magnitudes magnitudes);
/// Returns the operation with the magnitude for this bin and image size; `positive` is the drawn
/// sign, which only some operations have. Instead of an area, Cutout has half the side of its
/// square in pixels (detection_share: for the shorter side), and with Target::one_box the share of
/// the box's width and height that it has. Posterize of `detection` keeps at least 1 bit, as
/// TensorFlow does when it is told to keep none (bins 0 to 2).
Operation binned_operation(Magnitudes magnitudes,
                           Op op,
                           int bin,
                           bool positive,
                           cv::Size size,
                           Target target = Target::image);

}  // namespace evenray
