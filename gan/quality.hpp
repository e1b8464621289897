// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

struct SwdOptions {
  int64_t patches_per_image = 128;
  int64_t repeats = 4;
  int64_t directions = 128;
};

/// Sliced Wasserstein distance of Laplacian-pyramid patches, x 1000 (Karras et al. 2018, section 5
/// and their published code): 7x7 patches, those of a level normalised by their common mean and
/// deviation; levels from full size down to a short side of 16 to 31.
struct Swd {
  std::map<int64_t, double> levels;  ///< by the level's short side
  double mean = 0;
};

/// Descriptors of one set, made once and compared often. Patch places and directions are functions
/// of rng alone.
class SwdSet {
 public:
  /// images: [N,1,H,W], 0..255 (any type). Throws 65 for images of less than 7 px a side.
  SwdSet(const torch::Tensor& images, const SwdOptions& options, const Rng& rng);
  /// Between equally many images of one size, made with the same options and rng. Throws 65 for
  /// other sets.
  Swd distance(const SwdSet& other) const;

 private:
  std::vector<int64_t> shape_;  ///< of the images
  SwdOptions options_;
  std::vector<int64_t> sides_;  ///< short side of each level
  /// [level][part]: [some of the directions, patches], each row sorted.
  std::vector<std::vector<torch::Tensor>> sorted_;
};

/// SWD of each of `sets` to `reference`, as SwdSet has it, with one level's patches in memory at a
/// time: beside the images about 25 kB and a third of the bytes of its pixels in f32 for each of
/// them with the options above, 1.7 GB for two sets of 16,384 images of 128 px. Throws 65 for sets
/// of another number or size.
std::vector<Swd> swd_to(const torch::Tensor& reference,
                        const std::vector<torch::Tensor>& sets,
                        const SwdOptions& options,
                        const Rng& rng);

/// Levels of the Laplacian pyramid, finest first: 5x5 binomial filter, mirrored borders.
std::vector<torch::Tensor> laplacian_pyramid(const torch::Tensor& images,
                                             int64_t smallest_side = 16);

/// Multi-scale structural similarity of pairs a[i], b[i] in 0..255 (Wang et al. 2003), mean over
/// pairs, as PGGAN's code has it: five weights, Gaussian window of min(11, H, W) px with sigma
/// scaled alike, K .01 and .03, the scales' terms of each pair clipped at 0 before they are
/// multiplied. Five scales, or as many as leave a short side of 2 px or more; their weights
/// are then scaled to the sum of the five. An odd side is
/// halved with its border pixel doubled (their code takes powers of two only).
double ms_ssim(const torch::Tensor& a, const torch::Tensor& b);

/// MS-SSIM of `pairs` random pairs of different images of a set: low = diverse. `groups`: one an
/// image, none where empty; a pair is of two groups, an image without one being its own: two views
/// of a patient tell nothing of diversity. Throws 65 for fewer than two images or groups.
double diversity_ms_ssim(const torch::Tensor& images,
                         int64_t pairs,
                         const Rng& rng,
                         const std::vector<std::string>& groups = {});

}  // namespace evenray
