// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/config.hpp"
#include "core/json.hpp"
#include "core/log.hpp"

namespace evenray {

/// Options that every run shares.
struct Runtime {
  int64_t seed = 1;
  int64_t threads = 0;
  std::string device = "auto";
  std::string precision = "auto";
  double checkpoint_every_s = 60;
  int64_t keep_checkpoints = 2;

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
  /// threads, or the hardware's where it is 0.
  int thread_count() const;
};

/// A folder that one run writes: config.toml before work starts, events.jsonl, log.txt,
/// checkpoints/, DONE at the end.
class RunFolder {
 public:
  /// Starts or resumes a run in `folder`. Throws 73 where a run is there and `resume` is false, 78
  /// with the changed keys where the settings differ from those it was begun with (threads, how
  /// often it checkpoints and how many it keeps may differ). A folder that holds settings and log
  /// alone counts as empty: that run never began.
  RunFolder(const Path& folder, bool resume, const Visit& settings);

  const Path& path() const { return folder_; }
  /// Whether the run was there already, and ended.
  bool done() const;
  bool resumed() const { return resumed_; }
  /// One line of events.jsonl. A line is flushed when it is written; a line that a kill cut short
  /// is dropped on resume.
  void event(const Json& event);
  /// Drops the events whose `step` is above `step`: they will be written again.
  void rewind_events(int64_t step);
  /// Writes DONE: the run has ended and its files are whole.
  void finish();

 private:
  Path folder_;
  bool resumed_ = false;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<LogFile> log_;
};

/// Whether `folder` holds a finished run.
bool run_done(const Path& folder);

/// From now on SIGTERM, SIGINT and SIGUSR2 only set a flag; a second signal ends the process at
/// once with 128 + its number.
void catch_stop_signals();
/// Whether a stop was asked for. Long work checks it at safe points.
bool stop_requested();
/// Throws Error 75 "stopped; run again to go on" if so.
void throw_if_stopped();

}  // namespace evenray
