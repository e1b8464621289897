// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// One line of events.jsonl: the numbers that a training logged after `step` steps.
struct LoggedEvent {
  int64_t step = 0;
  /// Name and value of each number but the step. NaN: not measured, or not finite. The name is
  /// "train/FIELD" for the log of training steps, "eval/FIELD" for an evaluation and "retry/FIELD"
  /// for a return to an earlier step. A field "val_X" has the name "val/X".
  std::vector<std::pair<std::string, double>> values;
};

/// The events of one run folder.
struct LoggedRun {
  Path name;  ///< relative, with slashes; different for each run
  std::vector<LoggedEvent> events;
};

/// Parses the text of an events.jsonl. A last line without a line end is ignored, because a running
/// training may be writing it. Throws 65 for another line that is damaged or has no step; `path` is
/// for the message.
std::vector<LoggedEvent> parse_run_events(const std::string& text, const Path& path);

/// Reads all run folders in and below `folders`, sorted by path within each of them. A run's name
/// is its path relative to its folder. If there are several folders, or if the folder is a run
/// itself, the name begins with the folder's name; of equal names the second gets "-2". Throws 66
/// if a folder is missing or holds no run; 65 as parse_run_events().
std::vector<LoggedRun> read_logged_runs(const std::vector<Path>& folders);

}  // namespace evenray
