// SPDX-License-Identifier: Apache-2.0
#pragma once
// A network that outlines objects. Internal to detector.
#include "detector/box_model.hpp"

namespace evenray {

/// U-Net (Ronneberger et al. 2015) on a pretrained encoder: the maps of a backbone, the coarsest
/// enlarged step by step and joined with the next finer one; a map of logits of stride 4 for each
/// class, enlarged to the image. Learns the pixels in the polygons of each class (of a box without
/// polygons, those in the box) by cross entropy plus the dice loss (Milletari et al. 2016). An
/// object found is a connected area of pixels with a probability of .5 or more, which is its mask;
/// its box is the one around it, its score its highest probability.
std::shared_ptr<BoxModel> make_unet(const DetectOptions& options, int64_t classes, int threads);

/// Returns masks [N,C,H,W] f32, 1 in the objects of each class, see object_mask().
torch::Tensor object_masks(const std::vector<std::vector<Box>>& boxes,
                           int64_t classes,
                           int64_t height,
                           int64_t width);

/// Returns the mean over classes of 1 - 2 (p . y + 1) / (sum p + sum y + 1), over all pixels of a
/// minibatch. `probabilities`, `masks`: [N,C,H,W].
torch::Tensor dice_loss(const torch::Tensor& probabilities, const torch::Tensor& masks);

}  // namespace evenray
