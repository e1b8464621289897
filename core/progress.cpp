// SPDX-License-Identifier: Apache-2.0
#include "core/progress.hpp"

#include <cstdio>

#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Progress::Progress(std::string what, int64_t total, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      moving_(terminal()),
      quiet_(log_level() == LogLevel::quiet) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::skip(int64_t done) {
  done_ += done;
  skipped_ += done;
}

double Progress::rate() const {
  const double elapsed = seconds(Clock::now() - start_);
  return elapsed > 0 ? static_cast<double>(done_ - skipped_) / elapsed : 0;
}

double Progress::eta_s() const {
  const double speed = rate();
  return speed > 0 ? static_cast<double>(total_ - done_) / speed : -1;
}

void Progress::advance(int64_t by, const std::string& note) {
  done_ += by;
  if (quiet_) return;
  const auto now = Clock::now();
  if (seconds(now - shown_) < (moving_ ? .1 : 30.)) return;
  shown_ = now;
  show(note);
}

void Progress::show(const std::string& note) {
  const double speed = rate();
  const std::string line = cat(what_,
                               " ",
                               done_,
                               "/",
                               total_,
                               " ",
                               unit_,
                               ", ",
                               fixed(speed, speed < 10 ? 2 : 0),
                               "/s, ",
                               duration_text(eta_s()),
                               " left",
                               note.empty() ? "" : ", " + note);
  if (moving_) {
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace evenray
