// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <array>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

using Rows = std::vector<size_t>;

/// Returns 0 to count - 1.
Rows all_rows(size_t count);

/// Divides `count` images into two halves, with no group in both, in a seeded order. `groups`: as
/// in RealImages. The second half is empty if all images are of one group.
std::array<Rows, 2> halves(size_t count, const std::vector<std::string>& groups, const Rng& rng);

/// Returns the given rows of `images` as [N,1,H,W], scaled to 0..255.
torch::Tensor pixels_of(const std::vector<cv::Mat>& images, const Rows& rows);

}  // namespace evenray
