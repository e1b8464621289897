// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace evenray {

/// One way to treat the training part.
struct Arm {
  std::string_view name;
  std::string_view meaning;  ///< for the report
  bool balanced;             ///< trains on a balanced store rather than on the real one
  bool weighted;             ///< weights the loss by class
  bool augmented;            ///< added rows come from the policy
  bool synthetic;            ///< the rare class's added rows come from its generator first
  bool synthetic_both;       ///< and the same share of the other classes is replaced by theirs
};

/// Throws 78 "unknown arm".
const Arm& arm_named(const std::string& name);

/// Index in the table: its colour in every chart.
size_t arm_index(const std::string& name);

/// "gan vs oversample" -> {"gan", "oversample"}; throws 78.
std::pair<std::string, std::string> parse_contrast(const std::string& contrast);

}  // namespace evenray
