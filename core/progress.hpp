// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace evenray {

/// Shows progress on stderr: on a terminal one line that is redrawn at most 10 times per second,
/// else a plain line every 30 s; nothing with --quiet. Example:
///   Progress progress("pack", images, "img"); ... progress.advance();
class Progress {
 public:
  Progress(std::string what, int64_t total, std::string unit);
  /// Erases the redrawn line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Counts `by` more units as done. `note` is shown at the end of the line.
  void advance(int64_t by = 1, const std::string& note = "");

  /// Returns units per second since the start; units given to skip() are not counted.
  double rate() const;
  /// Returns the seconds to the end at that rate; negative if the rate is not known yet.
  double eta_s() const;
  /// Counts units that were done before this process started. Negative: units that must be done
  /// again.
  void skip(int64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  void show(const std::string& note);

  std::string what_, unit_;
  int64_t total_, done_ = 0, skipped_ = 0;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
  bool moving_, quiet_, drawn_ = false;
};

}  // namespace evenray
