// SPDX-License-Identifier: Apache-2.0
#pragma once
// The study room answers the question that the project exists for: does synthesising the rare
// class, alone or with AutoAugment, make a classifier better, and by how much? run_study() prepares
// the data, trains one generator a class, fold and seed, trains the classifier in each arm,
// measures all on the same untouched test part and writes report.html. Everything in the study
// folder is made once: run it again and it goes on where it stopped.

#include <string>
#include <vector>

#include "augment/plan.hpp"
#include "classifier/classifier.hpp"
#include "core/run_folder.hpp"
#include "dataset/pack.hpp"
#include "dataset/reader.hpp"
#include "gan/gan.hpp"

namespace evenray {

/// Where the images come from and how they are divided and packed.
struct DataOptions {
  std::string path;                             ///< folder, or phantom:...
  ReadOptions read;                             ///< its keys stand beside these
  PackOptions pack;                             ///< its keys stand beside these
  std::vector<double> ratios = {.7, .15, .15};  ///< train, val, test
  double hold_out = 0;                          ///< with folds: share of a locked test
  std::string group = "auto";                   ///< what stays together

  void fields(Fields& f);
  /// Throws 78 for a value out of range, named as the user writes it.
  void check() const;
};

struct StudyOptions {
  std::vector<std::string> arms = {
      "real", "weighted", "oversample", "autoaugment", "gan", "gan+autoaugment", "gan-both"};
  int64_t seeds = 3;                                       ///< repetitions on the same split
  int64_t folds = 0;                                       ///< 0: one split
  std::string rare_class;                                  ///< empty: fewest training images
  std::string policy = "imagenet";                         ///< of the autoaugment arms
  std::string contrast = "gan+autoaugment vs oversample";  ///< named beforehand
  int64_t bootstrap = 2000;                                ///< draws behind each interval
  int64_t judge_images = 512;                              ///< at most so many judge a generator
  int64_t origin_steps = 150;  ///< of the net that tells synthetic from real
  bool keep_stores = false;    ///< keep each cell's balanced.h5

  void fields(Fields& f);
  void check() const;
};

/// The whole configuration: every command reads the sections that concern it from the same file.
struct Config {
  Runtime runtime;
  DataOptions data;
  GanOptions gan;
  BalanceOptions balance;
  ClassifyOptions classify;
  StudyOptions study;

  void fields(Fields& f);
  void check() const;
  /// Besides, that nothing is set which the arms of a study decide. Throws 78.
  void check_study() const;
};

/// Defaults < the preset that file and sets name < file < sets. Throws as read_config does.
Config load_config(const Path& file, const std::vector<std::string>& sets);
/// The same on top of `config`.
void apply_config(Config& config, const Path& file, const std::vector<std::string>& sets);

std::vector<std::string> arm_names();

/// What `study plan` prints: the cells, the generators, the sizes, and with `estimate` the time
/// that short trials foretell.
Json plan_study(const Config& config, bool estimate);
std::string plan_text(const Json& plan);

/// Runs or resumes. Returns the number of cells and generators that failed (their messages are in
/// <id>/error.json). Throws 75 after a stop signal, 78 where `out` holds a study with other
/// settings or begun with other threads, device or precision.
int run_study(const Config& config, const Path& out);

/// done, failed and waiting cells and generators of a study folder. Throws 66.
Json study_status(const Path& folder);
std::string status_text(const Json& status);

/// Compares again and writes summary.json, results.csv, report.html and report.md from what the
/// folder holds. Throws 66 before the data are prepared.
void report_study(const Path& folder);

/// The comparison table of a study's summary.json.
std::string comparison_table(const Path& folder);

/// The configuration of `evenray demo`: all arms on drawn phantoms. `quick`: a smoke test in
/// seconds that measures nothing.
Config demo_config(bool quick);

}  // namespace evenray
