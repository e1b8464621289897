// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "augment/operation.hpp"
#include "core/json.hpp"

namespace evenray {

/// One operation of a sub-policy. AutoAugment's policies give a bin 0..9 (-1: the operation takes
/// none), which torchvision turns into a value, with a sign drawn at even odds where the operation
/// has one; the others a range to draw from (of shifts: as a share of the side).
struct PolicySlot {
  Op op;
  double probability;
  int bin = -1;
  double low = 0, high = 0;
};

/// One sub-policy is drawn evenly per image; each of its operations then takes place on its own
/// with its probability.
struct Policy {
  std::string_view name, about;
  bool binned;  ///< slots hold bins
  Sampling sampling;
  std::vector<std::vector<PolicySlot>> sub_policies;
};

/// "imagenet", "cifar10", "svhn": Cubuk et al. 2019 (AutoAugment), tables 7 to 9 as torchvision has
/// them. "xray": what a radiograph survives; "xray-noflip": the same where left and right matter.
std::vector<std::string> policy_names();
/// Throws 2 with the known names.
const Policy& find_policy(std::string_view name);

/// torchvision's magnitudes: the value of a bin for an image of this size; `positive` is its drawn
/// sign.
Operation binned_operation(Op op, int bin, bool positive, cv::Size size);

/// A sub-policy and what of it takes place for one image.
struct PolicyDraw {
  int sub_policy = 0;  ///< from 0
  std::vector<Operation> operations;
};
PolicyDraw draw_operations(const Policy& policy, cv::Size size, Rng rng);

/// The listing of `augment policies [NAME]`; an empty name gives all policies in brief. Says how
/// many slots change nothing on grey.
std::string policies_text(std::string_view name);
Json policies_json(std::string_view name);

}  // namespace evenray
