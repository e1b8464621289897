// SPDX-License-Identifier: Apache-2.0
#pragma once
// The methods of fuse_boxes, which checks their input.
#include <vector>

#include "fusion/pooled_boxes.hpp"

namespace evenray {

using BoxLists = std::vector<std::vector<FoundBox>>;

/// Non-maximum suppression.
std::vector<FusedBox> suppressed_boxes(const BoxLists& models,
                                       const FusionFrame& frame,
                                       const FusionOptions& options);

/// Soft-NMS, linear or Gaussian.
std::vector<FusedBox> softly_suppressed_boxes(const BoxLists& models,
                                              const FusionFrame& frame,
                                              const FusionOptions& options);

/// Non-maximum weighted.
std::vector<FusedBox> nmw_boxes(const BoxLists& models,
                                const FusionFrame& frame,
                                const FusionOptions& options);

/// Weighted boxes fusion.
std::vector<FusedBox> wbf_boxes(const BoxLists& models,
                                const FusionFrame& frame,
                                const FusionOptions& options);

}  // namespace evenray
