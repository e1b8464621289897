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
#include "gan/gan.hpp"

namespace evenray {

/// Where the images come from and how they are divided and packed.
struct DataOptions {
  std::string path;
  std::string format = "auto";
  PackOptions pack;
  std::vector<double> ratios = {.7, .15, .15};
  double hold_out = 0;
  std::string group = "auto";

  void fields(Fields& f);
  /// Throws 78 for a value out of range, named as the user writes it.
  void check() const;
};

struct StudyOptions {
  std::vector<std::string> arms = {
      "real", "weighted", "oversample", "autoaugment", "gan", "gan+autoaugment", "gan-both"};
  int64_t seeds = 3;
  int64_t folds = 0;
  std::string rare_class;
  std::string policy = "imagenet";
  std::string contrast = "gan+autoaugment vs oversample";
  int64_t bootstrap = 2000;
  int64_t judge_images = 512;
  int64_t origin_steps = 150;
  bool keep_stores = false;

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

/// Runs or resumes. Returns the number of cells that failed (their messages are in
/// cells/<id>/error.json). Throws 75 after a stop signal, 78 where `out` holds a study with other
/// settings.
int run_study(const Config& config, const Path& out);

/// done, failed and waiting cells and generators of a study folder. Throws 66.
Json study_status(const Path& folder);
std::string status_text(const Json& status);

/// Compares again and writes summary.json, results.csv, report.html and report.md from what the
/// folder holds. Throws 66 without a finished arm.
void report_study(const Path& folder);

/// The comparison table of a study's summary.json.
std::string comparison_table(const Path& folder);

/// The configuration of `evenray demo`: all arms on drawn phantoms. `quick`: a smoke test of a
/// minute that measures nothing.
Config demo_config(bool quick);

}  // namespace evenray
