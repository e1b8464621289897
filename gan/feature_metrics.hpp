// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// Fréchet distance of two Gaussians fitted to feature vectors (Heusel et al. 2017): [N,D] kDouble,
/// unbiased covariances. Biased upward by few images: compare at equal n only. At least 2 rows
/// each.
double fid(const torch::Tensor& real, const torch::Tensor& fake);

/// Squared maximum mean discrepancy by the kernel (x y / D + 1)^3, the unbiased estimate over all
/// pairs of both sets (Binkowski et al. 2018); may lie below 0. At least 2 rows each.
double kid(const torch::Tensor& real, const torch::Tensor& fake);

/// The same of `subsets` pairs of random subsets of 1,000 rows (fewer where there are not so many),
/// drawn without replacement, as most tables of KID were made.
std::vector<double> kid_of_subsets(const torch::Tensor& real,
                                   const torch::Tensor& fake,
                                   int64_t subsets,
                                   Rng rng);

/// Improved precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al.
/// 2020), by balls that reach to the k-th nearest neighbour. At least k + 1 rows each.
struct Prdc {
  double precision, recall, density, coverage;
};
Prdc prdc(const torch::Tensor& real, const torch::Tensor& fake, int64_t k = 5);

}  // namespace evenray
