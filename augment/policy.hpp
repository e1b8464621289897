// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "augment/operation.hpp"
#include "core/json.hpp"

namespace evenray {

/// One operation of a sub-policy. AutoAugment's policies give a bin 0..9, which binned_operation()
/// converts to a value; the sign is drawn with equal probability if the operation has one. The
/// other policies give a range.
struct PolicySlot {
  Op op;
  double probability;        ///< that the operation is applied
  int bin = -1;              ///< 0..9; -1: the operation takes none
  double low = 0, high = 0;  ///< range of the value, uniform; of shifts: as a fraction of the side
};

/// For each image, one sub-policy is drawn uniformly; each of its operations is then applied
/// independently with its probability.
struct Policy {
  std::string_view name, about;
  bool binned;  ///< slots have bins, not ranges
  Sampling sampling;
  std::vector<std::vector<PolicySlot>> sub_policies;
};

/// Returns the names of all policies. "imagenet", "cifar10", "svhn": Cubuk et al. 2019
/// (AutoAugment), tables 7 to 9 in torchvision's version. "xray": mild changes that keep a
/// radiograph plausible; "xray-noflip": the same without mirroring, for images in which left and
/// right matter.
std::vector<std::string> policy_names();
/// Returns the policy with this name; throws 2 with the known names.
const Policy& find_policy(std::string_view name);

/// Returns the operation with torchvision's magnitude for this bin and image size; `positive` is
/// the drawn sign.
Operation binned_operation(Op op, int bin, bool positive, cv::Size size);

/// The random choices for one image.
struct PolicyDraw {
  int sub_policy = 0;                 ///< index, from 0
  std::vector<Operation> operations;  ///< the operations that are applied
};
/// Draws a sub-policy, then the operations and values for an image of this size.
PolicyDraw draw_operations(const Policy& policy, cv::Size size, Rng rng);

/// Returns the text of `augment policies [NAME]`; an empty name gives a summary of all policies.
/// Includes the number of slots that change nothing on grey images.
std::string policies_text(std::string_view name);
/// Returns the same as JSON, always with all slots.
Json policies_json(std::string_view name);

}  // namespace evenray
