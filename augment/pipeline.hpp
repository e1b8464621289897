// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "augment/policy.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// An image after one draw of a policy.
struct PolicyResult {
  Augmented augmented;
  std::string recipe;  ///< "xray#3 Rotate:-7.25,Gamma:1.1": sub-policy from 1, then what `augment
                       ///< apply --ops` reads; "-" for nothing
};

/// Draws from the policy and applies it. A function of its arguments alone: the same stream gives
/// the same image.
PolicyResult apply_policy(const Policy& policy,
                          const cv::Mat& image,
                          const std::vector<Box>& boxes,
                          const Rng& rng);

/// For a sheet: the image itself, then n draws of the policy, each with its recipe below.
std::vector<SheetItem> preview_items(const Policy& policy,
                                     const cv::Mat& image,
                                     const std::vector<Box>& boxes,
                                     int n,
                                     uint64_t seed);
/// n training rows picked by seed, each augmented once, with id and recipe below.
std::vector<SheetItem> preview_items(const Policy& policy,
                                     const Store& store,
                                     int n,
                                     uint64_t seed);

}  // namespace evenray
