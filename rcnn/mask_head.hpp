// SPDX-License-Identifier: Apache-2.0
#pragma once
// The outlines of found objects. Internal to rcnn.
#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "dataset/sample/sample.hpp"
#include "metrics/detection/masks.hpp"
#include "rcnn/roi_align.hpp"

namespace evenray {

/// The boxes whose outlines are learned, of one image and on the CPU: those of proposals with an
/// object.
struct MaskTargets {
  torch::Tensor boxes;    ///< [K,4]
  torch::Tensor classes;  ///< [K] i64: 1 + the class index
  torch::Tensor matches;  ///< [K] i64 indices into `masks`
  torch::Tensor masks;    ///< [M,H,W] f32 of 0 and 1
};

/// Mask R-CNN's head (He et al. 2017, figure 4, right) with torchvision's names: four convolutions
/// on 14 x 14 positions, and a mask of 28 x 28 for each class.
class MaskHead {
 public:
  MaskHead(int64_t channels, int64_t classes);
  /// Adds the layers to the module that has torchvision's names before theirs.
  void register_in(torch::nn::Module& parent);

  /// Returns logits [K,1 + classes,28,28] of the boxes [K_i,4] of each image.
  torch::Tensor forward(const ScaledMaps& maps, const std::vector<torch::Tensor>& boxes) const;

  /// Returns the mean cross entropy of the masks of the true classes, with the part of the true
  /// mask in each box at 28 x 28 positions; 0 without boxes.
  torch::Tensor loss(const torch::Tensor& logits, const std::vector<MaskTargets>& targets) const;

 private:
  struct Layers;
  struct Predictor;
  std::shared_ptr<Layers> layers_;
  std::shared_ptr<Predictor> predictor_;
};

/// Returns the objects' masks [N,H,W], f32 of 0 and 1, of the boxes `which` ([N] i64) among those
/// that targets_of() keeps, see object_mask().
torch::Tensor true_masks(const std::vector<Box>& boxes,
                         const torch::Tensor& which,
                         int64_t height,
                         int64_t width);

/// Returns the probabilities [H,W] of an object's pixels, of a mask [m,m] of probabilities for its
/// box [4] in an image of this size. As torchvision's paste_masks_in_image(): a margin of one
/// position is added, and the mask is enlarged linearly to whole pixels.
torch::Tensor pasted_mask(const torch::Tensor& mask,
                          const torch::Tensor& box,
                          int64_t height,
                          int64_t width);

/// Returns the pixels [H,W] above .5 as run lengths.
Mask mask_of(const torch::Tensor& probabilities);

}  // namespace evenray
