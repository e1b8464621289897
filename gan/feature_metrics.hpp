// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Returns the Fréchet distance of two Gaussians fitted to feature vectors (Heusel et al. 2017),
/// [N,D] kDouble, with unbiased covariances. Few images bias it upwards, so compare values of equal
/// n only. Requires at least 2 rows each.
double fid(const torch::Tensor& real, const torch::Tensor& fake);

/// Returns the squared maximum mean discrepancy with the kernel (x y / D + 1)^3: the unbiased
/// estimate over all pairs of both sets (Binkowski et al. 2018), which may be negative. Requires at
/// least 2 rows each.
double kid(const torch::Tensor& real, const torch::Tensor& fake);

/// Returns kid() of `subsets` pairs of random subsets, each of 1,000 rows drawn without replacement
/// (fewer if a set has fewer rows). Most published values of KID are means of these.
std::vector<double> kid_of_subsets(const torch::Tensor& real,
                                   const torch::Tensor& fake,
                                   int64_t subsets,
                                   Rng rng);

/// Improved precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al.
/// 2020). The ball of a row reaches to its k-th nearest neighbour in its own set. Requires at least
/// k + 1 rows each.
struct Prdc {
  double precision;  ///< share of fake rows in the ball of any real row
  double recall;     ///< share of real rows in the ball of any fake row
  double density;    ///< mean number of real balls that a fake row lies in, divided by k
  double coverage;   ///< share of real balls that contain a fake row
};
Prdc prdc(const torch::Tensor& real, const torch::Tensor& fake, int64_t k = 5);

}  // namespace evenray
