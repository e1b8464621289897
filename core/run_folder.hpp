// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/config.hpp"
#include "core/json.hpp"
#include "core/log.hpp"

namespace evenray {

/// Options that all commands share.
struct Runtime {
  int64_t seed = 1;                ///< all random streams are derived from it
  int64_t threads = 0;             ///< worker and torch threads; 0: all hardware threads
  std::string device = "auto";     ///< auto, cpu, cuda, cuda:i
  std::string precision = "auto";  ///< auto (the faster one, nn/precision.hpp), bf16, fp32
  double memory_gb = 0;            ///< large pictures take at a time; 0: a quarter of what is free
  double checkpoint_every_s = 60;  ///< seconds between checkpoints; does not change results
  int64_t keep_checkpoints = 2;    ///< newest checkpoints to keep, in addition to the best

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
  /// Applies `memory_gb` to this process.
  void use_memory() const;
  /// Returns `threads`, or the number of hardware threads if it is 0.
  int thread_count() const;
};

/// The folder of one run: config.toml (written before work starts), events.jsonl, log.txt,
/// checkpoints/, and DONE (written at the end). It is locked as long as the object lives.
class RunFolder {
 public:
  /// Starts or resumes a run in `folder`. Throws 73 if there is a run and `resume` is false, 78
  /// with the changed keys if the settings differ from those that the run was started with
  /// (threads, memory_gb, checkpoint_every_s and keep_checkpoints may differ). A precision of
  /// `auto` in the settings becomes that of the run that is resumed. A folder that holds only
  /// settings and log counts as empty: that run never began.
  RunFolder(const Path& folder, bool resume, const Visit& settings);

  const Path& path() const { return folder_; }
  /// Returns true if the run has finished.
  bool done() const;
  /// Returns true if the folder already held a run.
  bool resumed() const { return resumed_; }
  /// Appends one line to events.jsonl and flushes it. A line that is incomplete because the process
  /// was killed is dropped on resume. Throws if the write fails.
  void event(const Json& event);
  /// Drops the events whose "step" is above `step`, because they will be written again.
  void rewind_events(int64_t step);
  /// Writes DONE: the run has finished and its files are complete.
  void finish();

 private:
  Path folder_;
  bool resumed_ = false;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<LogFile> log_;
};

/// Returns true if `folder` holds a run that has begun, finished or not.
bool holds_run(const Path& folder);
/// Returns true if `folder` holds a finished run.
bool run_done(const Path& folder);

/// Installs handlers: SIGTERM, SIGINT and SIGUSR2 only set a flag; a second signal ends the process
/// at once with exit code 128 + its number.
void catch_stop_signals();
/// Returns true after a stop signal. Long work checks it at safe points.
bool stop_requested();
/// Throws Error 75 ("stopped; run the same command again to continue") after a stop signal.
void throw_if_stopped();

}  // namespace evenray
