// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

struct SwdOptions {
  int64_t patches_per_image = 128;  ///< patches at random positions, at each level
  int64_t repeats = 4;              ///< number of times that `directions` directions are drawn
  int64_t directions = 128;         ///< random directions that the patches are projected on
};

/// Sliced Wasserstein distance of Laplacian-pyramid patches, x 1000 (Karras et al. 2018, section 5
/// and their published code). Patches are 7x7; those of a level are normalised by the mean and
/// deviation of all its patches. Levels go from full size down to a short side of 16 to 31.
struct Swd {
  std::map<int64_t, double> levels;  ///< short side of the level -> distance
  double mean = 0;                   ///< over the levels
};

/// The projected patches of one set, computed once for several comparisons. Patch positions and
/// directions are functions of rng only.
class SwdSet {
 public:
  /// `images`: [N,1,H,W], 0..255 (any type). Throws 65 for images with a side below 7 px.
  SwdSet(const torch::Tensor& images, const SwdOptions& options, const Rng& rng);
  /// Returns the distance to another set, made with the same options and rng. Throws 65 unless both
  /// have the same number and size of images.
  Swd distance(const SwdSet& other) const;

 private:
  std::vector<int64_t> shape_;  ///< of the images
  SwdOptions options_;
  std::vector<int64_t> sides_;  ///< short side of each level
  /// [level][part of the directions]: [directions, patches], each row sorted.
  std::vector<std::vector<torch::Tensor>> sorted_;
};

/// Returns the SWD of each of `sets` to `reference`, equal to that of SwdSet, with the patches of
/// one level in memory at a time. With the options above this takes, for each image, about 25 kB
/// and a third of the bytes of its pixels in f32, in addition to the images: 1.7 GB for two sets of
/// 16,384 images of 128 px. Throws 65 for sets of another number or size.
std::vector<Swd> swd_to(const torch::Tensor& reference,
                        const std::vector<torch::Tensor>& sets,
                        const SwdOptions& options,
                        const Rng& rng);

/// Returns the levels of the Laplacian pyramid, finest first, made with a 5x5 binomial filter and
/// mirrored borders.
std::vector<torch::Tensor> laplacian_pyramid(const torch::Tensor& images,
                                             int64_t smallest_side = 16);

/// Returns the multi-scale structural similarity of pairs a[i], b[i] in 0..255 (Wang et al. 2003),
/// mean over the pairs, at most 1. As in PGGAN's code: five weights, a Gaussian window of
/// min(11, H, W) px with sigma in proportion, K .01 and .03, and each scale's term of a pair
/// clipped at 0 before the product. Uses five scales, or as many as keep the short side at 2 px or
/// more, with their weights scaled to the sum of the five. The border pixel of an odd side is
/// repeated before halving (PGGAN's code takes powers of two only).
double ms_ssim(const torch::Tensor& a, const torch::Tensor& b);

/// Returns the mean MS-SSIM of `pairs` random pairs of different images of a set; low means
/// diverse. `groups`: one per image, or empty; "" means a group of its own. Both images of a pair
/// are of different groups, because two views of one patient are no evidence about diversity.
/// Throws 65 for fewer than two images or groups.
double diversity_ms_ssim(const torch::Tensor& images,
                         int64_t pairs,
                         const Rng& rng,
                         const std::vector<std::string>& groups = {});

}  // namespace evenray
