// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/files.hpp"

namespace evenray {

/// The log goes to stderr: warnings always, information on a terminal only or with --verbose. A run
/// folder's log.txt gets both.
enum class LogLevel { quiet, normal, verbose };

void set_log_level(LogLevel level);
void log_info(const std::string& message);
void log_warning(const std::string& message);
/// The one line of a failing command.
void log_error(const std::string& message);

/// While it lives, what is logged is also appended to `path` with its time.
class LogFile {
 public:
  explicit LogFile(const Path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
};

/// Whether stderr is a terminal that takes colour and a moving line (NO_COLOR and TERM=dumb say
/// no).
bool terminal();

LogLevel log_level();

}  // namespace evenray
