// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace evenray {

/// The speed of a task. It is measured over the last quarter to half of the elapsed time, so it
/// soon follows a change.
class Pace {
 public:
  /// Records that `done` units were complete `seconds` after the start. Neither value may decrease.
  void reach(double seconds, int64_t done);
  /// Returns units per second; 0 if it is not known yet.
  double rate() const;

 private:
  struct Mark {
    double seconds = 0;
    int64_t done = 0;
  };
  Mark older_, newer_, now_;
};

/// During its lifetime, lines of progress begin with the place in a longer task, such as "cell 5 of
/// 21", and end with the time that all of it still takes.
class WithinTask {
 public:
  /// `seconds_after`: what the longer task takes after the present part; not finite if that is not
  /// known.
  WithinTask(std::string place, double seconds_after);
  ~WithinTask();
  WithinTask(const WithinTask&) = delete;
  WithinTask& operator=(const WithinTask&) = delete;
};

/// Shows progress on stderr: on a terminal one line that is redrawn at most 10 times per second and
/// stays when the task ends; else one plain line per tenth of the task, none in the first 30 s;
/// nothing with --quiet. Example:
///   Progress progress("pack", images, "img"); ... progress.advance();
class Progress {
 public:
  /// `quiet_s`: so long no plain line is written.
  Progress(std::string what, int64_t total, std::string unit, double quiet_s = 30);
  /// Ends the redrawn line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Counts `by` more units as done. `note` is shown at the end of the line.
  void advance(int64_t by = 1, const std::string& note = "");

  /// Returns units per second since the start; units given to skip() are not counted.
  double rate() const;
  /// Returns the seconds to the end at the current speed; negative if the speed is not known yet.
  double eta_s() const;
  /// Counts units that were done before this process started. Negative: units that must be done
  /// again.
  void skip(int64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  void show(const std::string& note);
  int64_t tenths() const { return total_ > 0 ? 10 * done_ / total_ : 0; }

  std::string what_, unit_;
  double quiet_s_;
  int64_t total_, done_ = 0, skipped_ = 0, shown_tenths_ = 0;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
  Pace pace_;
  bool moving_, quiet_, drawn_ = false;
};

}  // namespace evenray
