// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings room holds the whole configuration: Config with its sections, where its values come
// from (defaults, presets, a file, --set words, flags), the arms of a study, and the flags that set
// a key. Read config.hpp, then arms.hpp, then flags.hpp.
#include <string>
#include <vector>

#include "augment/plan.hpp"
#include "classifier/options.hpp"
#include "core/run_folder.hpp"
#include "dataset/data_options.hpp"
#include "gan/options.hpp"
#include "settings/study_options.hpp"

namespace evenray {

/// The whole configuration: every command reads the sections that concern it from the same file.
struct Config {
  Runtime runtime;
  DataOptions data;
  GanOptions gan;
  BalanceOptions balance;
  ClassifyOptions classify;
  StudyOptions study;

  void fields(Fields& f);
  /// Throws 78 for a value out of range, named as the user writes it.
  void check() const;
  /// Throws 78 besides where something is set that the arms of a study decide, or where an arm
  /// names a source, policy, gate or setting that it cannot have.
  void check_study() const;

  /// The study's settings with those of one arm on top. Throws 78 with the arm's name.
  Config for_arm(const Arm& arm) const;
  /// The settings of an arm's own generators; the study's where it has none.
  GanOptions generator_of(const Arm& arm) const;
};

/// A flag that was given: `--bits 16` sets data.bits.
struct FlagValue {
  std::string flag, key;
  std::vector<std::string> words;
};

/// Where values come from, lowest first: a base, the preset that the others choose, a file, --set
/// words, flags. The file is read once.
class Settings {
 public:
  /// Logs a line for each key that stands at its old place. Throws as ConfigText does.
  Settings(const Path& file,
           const std::vector<std::string>& sets,
           std::vector<FlagValue> flags = {});

  /// `base` with all of them, checked. Throws 78 for a wrong key or value of file and sets, 2 for
  /// one of a flag.
  Config load(Config base = {}) const;
  /// Whether a flag for the key was given.
  bool given(const std::string& key) const;

 private:
  ConfigText text_;
  std::vector<FlagValue> flags_;
};

/// The configuration of `evenray demo`: all arms on drawn phantoms. `quick`: a smoke test in
/// seconds that measures nothing.
Config demo_config(bool quick);

}  // namespace evenray
