// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which parts of an image speak for a class. Internal to classifier.
#include <torch/types.h>

#include <string>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "classifier/network.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns maps [N,H,W] of images [N,1,H,W] as stored, in f32 on the CPU: how much each place
/// speaks for the class; 0 where it does not. `method`:
/// - grad-cam (Selvaraju et al. 2017, equations 1 and 2): the final map, weighted by the mean
///   gradient of the class's logit;
/// - hirescam (Draelos & Carin 2020): the final map, weighted by the gradient at each place. The
///   two are equal where a linear layer follows the mean over space: in all architectures except
///   mobilenetv3_small_100, vgg16_bn and vit_tiny_patch16_224;
/// - occlusion (Zeiler & Fergus 2014): the fall of the logit where a square, an eighth of the
///   longer side, is covered with the mean of the training images.
torch::Tensor explanation_maps(ClassifierNet& network,
                               const torch::Tensor& images,
                               int64_t class_index,
                               const std::string& method,
                               const Reading& reading,
                               const Compute& compute);

/// Where a map lies.
struct Located {
  /// Its largest value is in one of the boxes or near one: the pointing game of Zhang et al.
  /// (ECCV 2016), whose tolerance is 15 px in images of 224 px (Fong et al. 2019), here in
  /// proportion to the longer side.
  bool hit = false;
  double chance = 0;  ///< share of the image that is so near: the hits of a map without content
  double energy = 0;  ///< share of its sum that is in them (Wang et al. 2020, energy-based)
  double area = 0;    ///< share of the image that is in them: the energy of a map without content
};
/// Compares a map [H,W] with boxes in px of the image.
Located locate(const torch::Tensor& map, const std::vector<Box>& boxes);

/// Returns an image beside itself with its map as colours. CV_8UC3.
cv::Mat overlay(const cv::Mat& image, const torch::Tensor& map);

}  // namespace evenray
