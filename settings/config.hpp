// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings room holds the whole configuration: Config with its sections, the sources of its
// values (defaults, presets, a file, --set, flags), the options and arms of a study, and the table
// of flags that set a key. Read config.hpp first, then study_options.hpp, arms.hpp and flags.hpp.
#include <string>
#include <vector>

#include "augment/plan.hpp"
#include "classifier/options.hpp"
#include "core/run_folder.hpp"
#include "dataset/data_options.hpp"
#include "detector/options.hpp"
#include "gan/options.hpp"
#include "lesion/options.hpp"
#include "search/search.hpp"
#include "settings/study_options.hpp"

namespace evenray {

/// The whole configuration. All commands read the same file; each uses only some of the sections.
struct Config {
  Runtime runtime;           ///< keys without a section
  DataOptions data;          ///< [data]
  GanOptions gan;            ///< [gan]
  BalanceOptions balance;    ///< [balance]
  LesionOptions lesion;      ///< [lesion]
  ClassifyOptions classify;  ///< [classify]
  DetectOptions detect;      ///< [detect]
  SearchOptions tune;        ///< [tune]
  StudyOptions study;        ///< [study]

  /// Visits all keys.
  void fields(Fields& f);
  /// Throws 78 for a value out of range, naming the key as the user writes it.
  void check() const;
  /// Runs check(). Also throws 78 if a key is set that the arms of a study decide, if gan.preset is
  /// auto, or if an arm names a source, policy, gate or setting that it cannot have.
  void check_study() const;

  /// Returns these settings with those of `arm` applied on top. Throws 78 with the arm's name.
  Config for_arm(const Arm& arm) const;
  /// Returns these settings with those of a trial ("classify.lr=.001") on top, trained for a share
  /// of the steps. Throws 78 for settings that are out of range.
  Config for_trial(const std::vector<std::string>& settings, double share) const;
  /// Returns the settings of the arm's own generators, or the study's if the arm has none. Throws
  /// 78 with the arm's name.
  GanOptions generator_of(const Arm& arm) const;
  /// Returns how the images are packed that a study's generators are trained on.
  PackOptions generator_pack() const;
};

/// A flag on the command line that sets a key: `--bits 16` sets data.bits.
struct FlagValue {
  std::string flag;                ///< "--bits", for messages
  std::string key;                 ///< "data.bits"
  std::vector<std::string> words;  ///< {"16"}; empty for a switch
};

/// The sources of values, from lowest to highest priority: a base, the preset that the others
/// choose, a file, --set, flags. The file is read once.
class Settings {
 public:
  /// Logs a warning for each key that is written with its old name. Throws as ConfigText().
  Settings(const Path& file,
           const std::vector<std::string>& sets,
           std::vector<FlagValue> flags = {});

  /// Returns `base` with all of them applied, checked. Throws 78 for a wrong key or value in the
  /// file or --set, 2 for one in a flag. A fault of the file or --set that the flags mend is none:
  /// `tune = "head"` may get its weights from --weights.
  Config load(Config base = {}) const;
  /// Returns true if the command line has a flag for `key`.
  bool given(const std::string& key) const;

 private:
  ConfigText text_;
  std::vector<FlagValue> flags_;
};

/// Returns the configuration of `evenray demo`: all arms on synthetic phantoms. `quick`: a smoke
/// test that takes seconds; its results mean nothing.
Config demo_config(bool quick);

}  // namespace evenray
