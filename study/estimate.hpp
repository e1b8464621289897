// SPDX-License-Identifier: Apache-2.0
#pragma once
// How long a study takes and how much space it needs: beforehand from timed steps, later from the
// generators and cells that are done.
#include <map>

#include "nn/step_time.hpp"
#include "study/cells.hpp"

namespace evenray {

/// Estimated times, without data preparation and evaluations.
struct StudyTimes {
  StepTime generator, cell;  ///< of one
  StepTime search;           ///< of the trials for one arm and fold; 0 without study.tuned
  StepTime total;
  std::string busy;  ///< TimeEstimate::busy

  /// Returns {"generator","cell","search","total","range":[low,high],"busy"}, in seconds.
  Json json() const;
};

/// Times a few steps on this machine. `config.runtime.precision` is not auto.
StudyTimes study_times(const Config& config, const StudyPlan& plan, const Json* facts);

/// Returns the approximate bytes of the study folder: stores, checkpoints, and one filled store (or
/// all of them with study.keep_stores). `facts`: as divide_data() returns them.
int64_t study_bytes(const Config& config, const StudyPlan& plan, const Json& facts);

/// Returns the seconds until the batch system ends this job (SLURM_JOB_END_TIME); infinite without
/// one.
double seconds_of_job();

/// The time that a running study still takes. It corrects the estimate with the generators and
/// cells that are done: those of the same kind take the mean of their times; other kinds take their
/// estimate, multiplied by how much the kinds that are done differed from theirs. Kept in
/// times.json of the study folder.
class StudyClock {
 public:
  /// Reads times.json, if it exists.
  explicit StudyClock(const StudyFolder& folder);

  /// Returns true if the estimate is known, from this or an earlier call of the program.
  bool known() const { return !json_.at("estimate").is_null(); }
  void set_estimate(const StudyTimes& times);
  /// Records the seconds of a generator or cell that was trained from its beginning to its end.
  /// `kind`: as kind_of() returns it.
  void add(const std::string& kind, double seconds);
  /// Returns the seconds that units of these kinds take; NaN if nothing is known.
  double seconds_of(const std::map<std::string, int64_t>& units) const;

  /// Returns "generator CLASS@VARIANT".
  static std::string kind_of(const GeneratorCell& generator);
  /// Returns "cell", or "cell with search" of one that chooses settings.
  static std::string kind_of(const StudyPlan& plan, const Cell& cell);

 private:
  double estimate_of(const std::string& kind) const;
  Path path_;
  Json json_;
};

/// Returns the generators and cells that are not done, by kind.
std::map<std::string, int64_t> units_left(const StudyFolder& folder, const StudyPlan& plan);

}  // namespace evenray
