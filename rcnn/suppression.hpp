// SPDX-License-Identifier: Apache-2.0
#pragma once
// Non-maximum suppression on tensors. Internal to rcnn.
#include <torch/types.h>

namespace evenray {

/// Returns the indices of the boxes [N,4] that remain, the highest score first (of equal ones the
/// earlier box): each removes the boxes with lower scores whose intersection over union with it is
/// above `overlap`. Boxes of different `groups` ([N] i64, for example classes or maps) do not
/// remove each other. The result is on the CPU, where it is computed. Takes time in proportion to
/// the square of the boxes of a group.
torch::Tensor suppress(const torch::Tensor& boxes,
                       const torch::Tensor& scores,
                       const torch::Tensor& groups,
                       double overlap);

}  // namespace evenray
