// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/parallel.hpp"
#include "dataset/split.hpp"

namespace evenray {

/// make_split() and audit() with the groups of pictures found on the way, as the commands do.
inline std::vector<SplitRow> split_of(const Manifest& manifest,
                                      const std::vector<ImageFacts>& facts,
                                      const SplitOptions& options) {
  const auto pictures = group_pictures(manifest, facts, hardware_threads());
  return make_split(manifest, facts, pictures, options);
}

inline std::vector<Finding> findings_of(const Manifest& manifest,
                                        const std::vector<ImageFacts>& facts,
                                        const std::vector<SplitRow>* split = nullptr) {
  return audit(manifest, facts, group_pictures(manifest, facts, hardware_threads()), split);
}

}  // namespace evenray
