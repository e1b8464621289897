// SPDX-License-Identifier: Apache-2.0
#include "core/progress.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// The longer task that is under way; see WithinTask.
struct {
  std::string place;  ///< empty: there is none
  double seconds_after = NAN;
} longer_task;

/// A mark is set whenever this share of the time has passed since the last one.
constexpr double kMarkShare = .25;

}  // namespace

void Pace::reach(double seconds, int64_t done) {
  now_ = {seconds, done};
  if (seconds - newer_.seconds < kMarkShare * seconds) return;
  older_ = newer_;
  newer_ = now_;
}

double Pace::rate() const {
  const double elapsed = now_.seconds - older_.seconds;
  return elapsed > 0 ? static_cast<double>(now_.done - older_.done) / elapsed : 0;
}

Progress::Progress(std::string what, int64_t total, std::string unit, double quiet_s)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      quiet_s_(quiet_s),
      total_(total),
      moving_(terminal()),
      quiet_(log_level() == LogLevel::quiet) {}

Progress::~Progress() {
  if (!drawn_) return;
  show("");
  end_moving_line();
}

void Progress::skip(int64_t done) {
  done_ += done;
  skipped_ += done;
  shown_tenths_ = tenths();
}

double Progress::rate() const {
  const double elapsed = seconds(Clock::now() - start_);
  return elapsed > 0 ? static_cast<double>(done_ - skipped_) / elapsed : 0;
}

double Progress::eta_s() const {
  const double pace = pace_.rate();
  return pace > 0 ? static_cast<double>(total_ - done_) / pace : -1;
}

void Progress::advance(int64_t by, const std::string& note) {
  done_ += by;
  const auto now = Clock::now();
  pace_.reach(seconds(now - start_), done_ - skipped_);
  if (quiet_) return;
  if (moving_ && seconds(now - shown_) < .1) return;
  if (!moving_ && (tenths() == shown_tenths_ || seconds(now - start_) < quiet_s_)) return;
  shown_ = now;
  shown_tenths_ = tenths();
  show(note);
}

WithinTask::WithinTask(std::string place, double seconds_after) {
  longer_task.place = std::move(place);
  longer_task.seconds_after = seconds_after;
}

WithinTask::~WithinTask() { longer_task.place.clear(); }

void Progress::show(const std::string& note) {
  const double speed = rate(), left = eta_s();
  std::string time = done_ < total_ ? duration_text(left) + " left"
                                    : "in " + duration_text(seconds(Clock::now() - start_));
  const bool within = !longer_task.place.empty();
  if (within && left >= 0 && std::isfinite(longer_task.seconds_after))
    time += cat(", ", duration_text(left + longer_task.seconds_after), " left in all");
  const std::string line = cat(within ? longer_task.place + ", " : "",
                               what_,
                               " ",
                               done_,
                               "/",
                               total_,
                               " ",
                               unit_,
                               ", ",
                               fixed(speed, speed < 10 ? 2 : 0),
                               "/s, ",
                               time,
                               note.empty() ? "" : ", " + note);
  if (moving_) {
    show_moving_line(line);
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", one_line(line).c_str());
  }
}

}  // namespace evenray
