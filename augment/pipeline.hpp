// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "augment/policy.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// An image after one random draw of a policy.
struct PolicyResult {
  Augmented augmented;
  /// "xray#3 Rotate:-7.25,Gamma:1.1": number of the sub-policy (from 1) if the policy has some,
  /// then a list or a mixture for `augment apply --ops`, or "-" for no operation.
  std::string recipe;
};

/// Draws operations from the policy and applies them. The result depends only on the arguments: the
/// same `rng` gives the same image.
PolicyResult apply_policy(const Policy& policy,
                          const cv::Mat& image,
                          const std::vector<Box>& boxes,
                          const Rng& rng);

/// Returns items for an image sheet: the image, then n draws of the policy with their recipes as
/// captions.
std::vector<SheetItem> preview_items(const Policy& policy,
                                     const cv::Mat& image,
                                     const std::vector<Box>& boxes,
                                     int n,
                                     uint64_t seed);
/// Returns n training rows picked by `seed`, each augmented once, with id and recipe as captions.
/// Throws 65 if the store has no training rows.
std::vector<SheetItem> preview_items(const Policy& policy,
                                     const Store& store,
                                     int n,
                                     uint64_t seed);

}  // namespace evenray
