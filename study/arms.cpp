// SPDX-License-Identifier: Apache-2.0
#include "study/arms.hpp"

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "study/study.hpp"

namespace evenray {
namespace {

constexpr std::array kArms{
    Arm{"real", "the training part as it is", false, false, false, false, false},
    Arm{"weighted",
        "as it is; the loss weighs each class by the inverse of its count",
        false,
        true,
        false,
        false,
        false},
    Arm{"oversample", "rare class filled up with copies", true, false, false, false, false},
    Arm{"autoaugment",
        "rare class filled up with augmented copies",
        true,
        false,
        true,
        false,
        false},
    Arm{"gan",
        "rare class filled up with synthetic images as far as their dose allows, then copies",
        true,
        false,
        false,
        true,
        false},
    Arm{"gan+autoaugment",
        "as gan, with augmented copies in place of plain ones",
        true,
        false,
        true,
        true,
        false},
    Arm{"gan-both",
        "as gan, and the same share of the other class replaced by synthetic images",
        true,
        false,
        false,
        true,
        true},
};

}  // namespace

std::vector<std::string> arm_names() {
  std::vector<std::string> names;
  for (const auto& arm : kArms) names.emplace_back(arm.name);
  return names;
}

const Arm& arm_named(const std::string& name) { return kArms[arm_index(name)]; }

size_t arm_index(const std::string& name) {
  for (size_t i = 0; i < kArms.size(); ++i) {
    if (kArms[i].name == name) return i;
  }
  throw Error(Exit::config, unknown_name("arm", name, arm_names()));
}

std::pair<std::string, std::string> parse_contrast(const std::string& contrast) {
  const size_t at = contrast.find(" vs ");
  check(at != std::string::npos,
        Exit::config,
        cat("study.contrast takes 'ARM vs ARM', not '", contrast, "'"));
  std::pair<std::string, std::string> arms{trim(contrast.substr(0, at)),
                                           trim(contrast.substr(at + 4))};
  arm_named(arms.first);
  arm_named(arms.second);
  check(arms.first != arms.second, Exit::config, "study.contrast compares an arm with itself");
  return arms;
}

}  // namespace evenray
