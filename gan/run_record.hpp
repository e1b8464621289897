// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gan/growth.hpp"
#include "gan/spectrum.hpp"
#include "gan/verdict.hpp"

namespace evenray {

/// The contents of a run folder, for the report of its training. A missing number is NaN, a missing
/// count 0, a missing text empty.

/// A line of events.jsonl about training steps.
struct StepEvent {
  int64_t step = 0;
  double kimg = 0, loss_d = NAN, loss_g = NAN, d_real = NAN, d_fake = NAN;
  double rate = NAN, eta_s = NAN;  ///< images per second; estimated seconds to the end
  double ada_p = NAN;              ///< strength of gan.augment=ada
};

/// A line of events.jsonl about an evaluation.
struct EvaluationEvent {
  int64_t step = 0;
  double kimg = 0, swd = NAN, floor = NAN;
  double msssim = NAN, msssim_real = NAN;
  double memorised = NAN, memorised_bound = NAN;
  bool kept = false;  ///< its checkpoint was the best so far
};

/// A line of events.jsonl about a return to an earlier checkpoint.
struct RetryEvent {
  int64_t step = 0;
  double kimg = 0;
};

/// The contents of judgement.json, see write_judgement().
struct JudgementRecord {
  int64_t n_fake = 0, n_real = 0, swd_n = 0;
  double swd = NAN, floor = NAN;
  std::map<int64_t, double> levels, floor_levels;  ///< short side of the level -> distance
  double msssim = NAN, msssim_real = NAN;
  double nearest_ratio = NAN, nearest_ratio_real = NAN, authentic = NAN, authentic_real = NAN;
  double flagged = NAN, memorised = NAN, memorised_bound = NAN;
  std::vector<std::string> leaks;  ///< measures in which the augmentation shows
  std::optional<Verdict> verdict;  ///< nullopt: written by an earlier version
  int64_t spectrum_n = 0;
  Spectrum drawn, real;  ///< empty if the file has none
};

/// A sheet of images, samples/kimg-*.png. All sheets of a run are drawn from the same latents.
struct SampleSheet {
  double kimg = 0;
  Path path;
};

struct RunRecord {
  Path folder;
  std::string config_text;
  GanOptions options;
  bool finished = false;
  std::vector<StepEvent> steps;              ///< ascending by step
  std::vector<EvaluationEvent> evaluations;  ///< ascending by step
  std::vector<RetryEvent> retries;
  std::vector<SampleSheet> sheets;  ///< ascending by kimg
  bool has_judgement = false;
  JudgementRecord judgement;

  bool class_known = false;
  std::string class_name;  ///< empty: all classes
  int64_t images = 0;      ///< number of training images
  int height = 0, width = 0;
  std::string judged_by;      ///< the part that evaluations compare with, "val" or "train"
  std::string stopped_early;  ///< the reason
  int64_t judged_images = 0;  ///< images in an evaluation during training

  /// Thousands of images shown until the last event.
  double kimg() const;
  /// Returns the last evaluation whose checkpoint was kept as best; if no event states this, the
  /// evaluation with the lowest SWD (the first of equal ones). nullptr without evaluations.
  const EvaluationEvent* best() const;
  /// Returns the planned stages that have begun; none if the image size is unknown.
  std::vector<Stage> stages() const;
};

/// Reads a run folder. Throws 66 if the folder does not exist or is not a run folder; 65 if the run
/// is not a generator's training or a file is damaged (with file and line). An unfinished last line
/// of events.jsonl is ignored.
RunRecord read_run(const Path& folder);

}  // namespace evenray
