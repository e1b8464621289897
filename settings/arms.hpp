// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// One way to treat the training part: what it is filled up with, and the settings that differ from
/// the study's. `[[study.arm]]` in a configuration adds more to the built-in ones.
struct Arm {
  std::string name{};
  std::string meaning{};  ///< for the report
  /// What fills the classes, in the words of `balance --source`: copy, augment:POLICY, and the
  /// study's generators by the class that they draw: gan:rare, gan:others, gan:all, gan:CLASS.
  /// Empty: the training part stays as it is.
  std::vector<std::string> sources{};
  /// Real rows of the classes but the rare one that give way to synthetic ones: their synthetic
  /// share, as a multiple of the rare class's. 1: the same share; 0: none.
  double replace = 0;
  double dose = -1;  ///< synthetic images per real one, balance.max_synthetic of this arm; -1: that
  std::vector<std::string> gates{};  ///< besides the study's, in the words of `balance --gate`
  std::vector<std::string> set{};    ///< settings of this arm alone: "classify.lr=1e-3"
  std::vector<std::string>
      generator{};  ///< settings of a generator of its own: "gan.preset=strong"

  void fields(Fields& f);

  bool balanced() const { return !sources.empty(); }  ///< trains on a store of its own
  bool synthetic() const;                             ///< some rows are drawn by generators
  bool augmented() const;                             ///< some rows come from a policy
};

/// real, weighted, oversample, autoaugment, gan, gan+autoaugment, gan-both; those that augment do
/// by `policy`.
std::vector<Arm> builtin_arms(const std::string& policy);
std::vector<std::string> builtin_arm_names();

/// "gan vs oversample" -> {"gan", "oversample"}; throws 78 for anything but two different names.
std::pair<std::string, std::string> parse_contrast(const std::string& contrast);

}  // namespace evenray
