// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "settings/arms.hpp"

namespace evenray {

/// [study] of a configuration.
struct StudyOptions {
  std::vector<std::string> arms = builtin_arm_names();     ///< built-in arms that are compared
  std::vector<Arm> arm;                                    ///< [[study.arm]]: compared as well
  int64_t seeds = 3;                                       ///< repetitions on the same split
  int64_t folds = 0;                                       ///< 0: one split
  std::string rare_class;                                  ///< empty: fewest training images
  std::string policy = "imagenet";                         ///< of the autoaugment arms
  std::string contrast = "gan+autoaugment vs oversample";  ///< named beforehand
  int64_t bootstrap = 2000;                                ///< draws behind each interval
  int64_t judge_images = 512;  ///< upper limit of images that a generator is evaluated by
  int64_t origin_steps = 150;  ///< training steps of the net that tells synthetic from real
  bool keep_stores = false;    ///< keep each cell's balanced.h5

  void fields(Fields& f);
  /// Throws 78 for a value out of range. What an arm sets is checked by Config::check_study().
  void check() const;

  /// All that are compared: those of `arms`, in that order, then those of `arm`. Throws 78 for an
  /// unknown name.
  std::vector<Arm> compared() const;
  /// One of them; throws 78 "unknown arm".
  Arm arm_named(const std::string& name) const;
};

}  // namespace evenray
