// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "settings/arms.hpp"

namespace evenray {

/// [study] of a configuration.
struct StudyOptions {
  std::string task = "classify";                        ///< what is trained: classify or detect
  std::vector<std::string> arms = default_arm_names();  ///< built-in arms to compare
  std::vector<Arm> arm;                                 ///< [[study.arm]]: further arms to compare
  int64_t seeds = 3;  ///< repetitions of everything random on the same split
  int64_t folds = 0;  ///< cross-validation folds; 0: one split
  /// Height and width in px of the images that generators are trained on; empty: data.size_px.
  std::vector<int64_t> generator_size;
  std::string rare_class;           ///< class to synthesise; empty: fewest training images
  std::string policy = "imagenet";  ///< augmentation policy of the autoaugment arms
  /// The primary comparison, named beforehand.
  std::string contrast = "gan+autoaugment vs oversample";
  std::string without;  ///< condition on metadata of test rows, see dataset/where.hpp
  /// Conditions on metadata of test rows: the arms are compared again on those that match each.
  std::vector<std::string> subgroups;
  int64_t bootstrap = 2000;    ///< bootstrap draws per interval
  int64_t judge_images = 512;  ///< maximum number of drawn images to evaluate a generator with
  int64_t origin_steps = 150;  ///< training steps of the network that separates synthetic from real
  /// Choose the settings of [tune] for each arm and fold by trials on validation images.
  bool tuned = false;
  bool keep_stores = false;  ///< keep each cell's balanced.h5 when the cell is done

  void fields(Fields& f);
  /// Sets arms, policy and contrast to the defaults of the task.
  void apply_task();
  bool detects() const { return task == "detect"; }
  /// Whether the generators of the study draw patches.
  bool draws_patches() const;
  /// Throws 78 for a value out of range. Config::check_study() checks the settings of the arms.
  void check() const;

  /// Returns all arms to compare: those of `arms`, in that order, then those of `arm`. Throws 78
  /// for an unknown name.
  std::vector<Arm> compared() const;
  /// Returns the one with that name. Throws 78 "unknown arm".
  Arm arm_named(const std::string& name) const;
};

}  // namespace evenray
