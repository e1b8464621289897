// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace evenray {

/// One moving line on a terminal (at most 10 a second), a plain line every 30 s elsewhere, nothing
/// with --quiet. To stderr. Example: `Progress progress("pack", images, "img"); ...
/// progress.advance();`
class Progress {
 public:
  Progress(std::string what, int64_t total, std::string unit);
  /// Ends the moving line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t by = 1, const std::string& note = "");

  /// Units a second since the start (what a resumed run skipped is not counted).
  double rate() const;
  /// Seconds to the end at that rate; negative while unknown.
  double eta_s() const;
  /// Work that was done before this process started; below 0: that is to be done again.
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
