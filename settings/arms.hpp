// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// How sources of an arm begin: a generator's images, pasted patches, and those of them that the
/// study's generator draws.
inline constexpr const char *kGanSource = "gan:", *kLesionSource = "lesion:",
                            *kPatchSource = "lesion:gan";

/// One way to prepare the training part: the sources that fill it up, and the settings that differ
/// from the study's. `[[study.arm]]` in a configuration adds arms to the built-in ones.
struct Arm {
  std::string name{};     ///< without '/', '@' and blanks
  std::string meaning{};  ///< what the arm does, for the report
  /// Sources of the added rows, written as for `balance --source`: copy, augment:POLICY, the
  /// study's generators by the class that they draw: gan:rare, gan:others, gan:all, gan:CLASS, and
  /// lesion:real, lesion:residual, lesion:identity, lesion:healthy, and lesion:gan (drawn by the
  /// study's generator of patches).
  /// Empty: the training part is not changed.
  std::vector<std::string> sources{};
  /// Synthetic share of every class except the rare one, as a multiple of the rare class's share;
  /// these synthetic rows replace real ones. 1: the same share; 0: none.
  double replace = 0;
  double dose = -1;                  ///< balance.max_synthetic of this arm; -1: the study's
  std::vector<std::string> gates{};  ///< added to the study's, written as for `balance --gate`
  std::vector<std::string> set{};    ///< settings of this arm only: "classify.lr=1e-3"
  /// Sources gan:CLASS, as in `sources`, of a training part without real rows. The classifier is
  /// trained on it first, for half of the steps; empty: it is not.
  std::vector<std::string> pretrain{};
  bool resampled = false;                ///< shrinks real rows to study.generator_size and back
  std::vector<std::string> generator{};  ///< settings of its own generators: "gan.preset=strong";
                                         ///< empty: uses the study's

  void fields(Fields& f);

  bool balanced() const { return !sources.empty() || resampled; }  ///< trains on its own store
  bool synthetic() const;      ///< has rows drawn by generators or with pasted patches
  bool generated() const;      ///< has rows, or patches in rows, that generators draw
  bool draws_images() const;   ///< has rows that generators draw, or is trained on such rows first
  bool draws_patches() const;  ///< has pasted patches that generators draw
  bool pastes() const;         ///< has rows with pasted patches
  bool shows_lesions() const;  ///< has pasted patches with lesions
  bool is_control() const;     ///< pastes only what shows nothing new
  bool augmented() const;      ///< has rows augmented by a policy
};

/// Returns the built-in arms: real, weighted, oversample, autoaugment, gan, gan+autoaugment,
/// gan-both, feature-smote, real-resampled, repeat, autoaugment-online, lesion, lesion-residual,
/// lesion-gan, lesion-both, lesion-identity, lesion-healthy. `policy`: augmentation policy of those
/// that augment.
std::vector<Arm> builtin_arms(const std::string& policy);
/// Returns their names, in the same order.
std::vector<std::string> builtin_arm_names();
/// Returns the names of those that a study of classifiers compares by default: all that change no
/// detector and paste nothing, but feature-smote, which needs classify.tune = "head", and
/// real-resampled, which needs study.generator_size.
std::vector<std::string> default_arm_names();

/// Names in a contrast: the arm with synthetic rows that is no control, and the one without, that
/// is best on validation.
inline constexpr const char *kBestGan = "best gan", *kBestReal = "best real";
/// Whether a name in a contrast stands for this arm: its own name, or one of these.
bool stands_for(const std::string& name, const Arm& arm);

/// Parses "gan vs oversample" into {"gan", "oversample"}. Throws 78 unless there are two different
/// names.
std::pair<std::string, std::string> parse_contrast(const std::string& contrast);

}  // namespace evenray
