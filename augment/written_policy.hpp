// SPDX-License-Identifier: Apache-2.0
#pragma once
// Policies of AutoAugment's kind that are written out, and the space in which they are searched.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "augment/policy.hpp"

namespace evenray {

/// Returns the policy of a name such as "autoaugment=ShearX:.9:4,Invert:.2/Rotate:.6:9,Equalize:1":
/// sub-policies separated by "/", their operations by ",", each with its probability and, if it
/// takes one, its magnitude 0 to 9 (see PolicySlot). "autoaugment-radiograph=" samples as
/// Sampling::radiograph. nullopt if the name begins with neither. Throws 2 for a text that is no
/// such list of the 14 operations of torchvision's AutoAugment, or one of more than 50 sub-policies
/// or 20 operations in one.
std::optional<Policy> written_policy(std::string_view name);

/// Returns the dimensions of a space of policies, as parse_dimension() takes them: of
/// `sub_policies` sub-policies of two operations, each with 11 probabilities and 10 magnitudes
/// (Cubuk et al. 2019, section 3, without Cutout and SamplePairing, which torchvision leaves out,
/// and Color, which changes nothing on grey images).
std::vector<std::string> policy_dimensions(int64_t sub_policies);

/// Returns the name of the policy that a point of that space stands for. `settings`: "KEY=VALUE" in
/// the order of the dimensions. Throws 2 for Sampling::detection.
std::string policy_at(const std::vector<std::string>& settings, Sampling sampling);

}  // namespace evenray
