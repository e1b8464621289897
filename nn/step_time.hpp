// SPDX-License-Identifier: Apache-2.0
#pragma once
// Estimates of training times: several warm steps are timed one by one, and a busy machine is
// recognised, because other programs can make steps many times slower.
#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/run_folder.hpp"
#include "nn/compute.hpp"

namespace evenray {

/// Seconds of one step, or of a whole training: an estimate and its range.
struct StepTime {
  double median_s = 0;
  double low_s = 0, high_s = 0;  ///< the fastest step, and the slowest but one

  StepTime operator+(const StepTime& other) const;
  StepTime operator*(double steps) const;
  /// Returns {"estimate_s","range_s":[low,high]}.
  Json json() const;
  /// Reads these members of a plan.
  static StepTime of(const Json& plan);
  /// Returns "3 h 05 min (2 h 40 min to 3 h 50 min)".
  std::string text() const;
};

/// Returns the median and the range of timed steps without the slowest, which is often one that was
/// interrupted. `seconds` must not be empty.
StepTime step_time(std::vector<double> seconds);

/// Runs `step` twice without measuring, then times `most` runs, or as many as fit into two seconds,
/// but at least four. `step` must wait for the device.
StepTime time_steps(const std::function<void()>& step, int most = 9);

/// How busy this machine is with all programs.
struct Load {
  double average = 0;  ///< mean number of running threads in the last minute; 0 if unknown
  int cores = 1;       ///< hardware threads that this process may use

  /// Whether `threads` more threads would have to share cores with other programs.
  bool busy(int threads) const;
  /// Returns how many times slower `threads` threads are than alone, if all programs get equal
  /// shares of the cores; at least 1.
  double slowdown(int threads) const;
};
/// Reads it from /proc/loadavg.
Load machine_load();

/// An estimated time on this machine.
struct TimeEstimate {
  StepTime time{};
  std::string busy{};  ///< what a busy machine means for the estimate; empty if it is not busy

  /// Returns StepTime::json(), with "busy" if there is such a text.
  Json json() const;
};

/// Returns `measure` with the threads of `runtime`. If the machine is busy and the training runs on
/// several threads of the CPU, also measures with one thread and says whether that is as fast. The
/// range then ends at the fastest step, slowed down by equal shares. Throws like make_compute().
TimeEstimate estimate_time(const Runtime& runtime,
                           const std::function<StepTime(const Compute&)>& measure,
                           const Load& load = machine_load());

}  // namespace evenray
