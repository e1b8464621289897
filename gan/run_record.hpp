// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gan/growth.hpp"
#include "gan/spectrum.hpp"

namespace evenray {

/// What a run folder tells of a training, for its report. A number that is not there is NaN, a
/// count 0, a text empty.

struct StepEvent {
  int64_t step = 0;
  double kimg = 0, loss_d = NAN, loss_g = NAN, d_real = NAN, d_fake = NAN;
  double rate = NAN, eta_s = NAN;
  double ada_p = NAN;
};

struct EvaluationEvent {
  int64_t step = 0;
  double kimg = 0, swd = NAN, floor = NAN;
  double msssim = NAN, msssim_real = NAN;
  double memorised = NAN, memorised_bound = NAN;
  bool kept = false;  ///< as the best so far
};

struct RetryEvent {
  int64_t step = 0;
  double kimg = 0;
};

/// judgement.json, see write_judgement().
struct JudgementRecord {
  int64_t n_fake = 0, n_real = 0, swd_n = 0;
  double swd = NAN, floor = NAN;
  std::map<int64_t, double> levels, floor_levels;  ///< by the level's short side
  double msssim = NAN, msssim_real = NAN;
  double nearest_ratio = NAN, nearest_ratio_real = NAN, authentic = NAN, authentic_real = NAN;
  double flagged = NAN, memorised = NAN, memorised_bound = NAN;
  std::vector<std::string> leaks;  ///< measures in which the augmentation shows
  int64_t spectrum_n = 0;
  Spectrum drawn, real;  ///< empty where it has none
};

/// A sheet of the same latents, samples/kimg-*.png.
struct SampleSheet {
  double kimg = 0;
  Path path;
};

struct RunRecord {
  Path folder;
  std::string config_text;
  GanOptions options;
  bool finished = false;
  std::vector<StepEvent> steps;              ///< rising
  std::vector<EvaluationEvent> evaluations;  ///< rising
  std::vector<RetryEvent> retries;
  std::vector<SampleSheet> sheets;  ///< rising
  bool judged = false;
  JudgementRecord judgement;

  bool class_known = false;
  std::string class_name;  ///< empty: all classes
  int64_t images = 0;      ///< trained on
  int height = 0, width = 0;
  std::string judged_by;      ///< "val", "train"
  std::string stopped_early;  ///< why
  int64_t judged_images = 0;

  /// How far it has come.
  double kimg() const;
  /// The evaluation whose checkpoint was kept as best, where none says so that with the lowest SWD,
  /// the first of equal ones; nullptr where there is none.
  const EvaluationEvent* best() const;
  /// As planned, those that have begun; none where the images' size is not known.
  std::vector<Stage> stages() const;
};

/// Throws 66 where there is no folder or no run in it, 65 where it is no generator's training, or
/// with file and line where one of its files is damaged. A last line of events.jsonl that is still
/// being written is left out.
RunRecord read_run(const Path& folder);

}  // namespace evenray
