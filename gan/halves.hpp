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

/// Two halves of `count` images, no group in both, in a seeded order. groups: one an image, "": its
/// own; empty: each its own. The second is empty where all are of one group.
std::array<Rows, 2> halves(size_t count, const std::vector<std::string>& groups, const Rng& rng);

/// [N,1,H,W] of these images, 0..255.
torch::Tensor pixels_of(const std::vector<cv::Mat>& images, const Rows& rows);

}  // namespace evenray
