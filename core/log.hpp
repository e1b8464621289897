// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/files.hpp"

namespace evenray {

/// How much is logged to stderr. A LogFile (log.txt of a run folder) always gets warnings and
/// information.
enum class LogLevel {
  quiet,    ///< errors only
  normal,   ///< warnings, and information if stderr is a terminal
  verbose,  ///< warnings and information (--verbose)
};

void set_log_level(LogLevel level);
void log_info(const std::string& message);
void log_warning(const std::string& message);
/// Logs the single error line of a failing command. In all messages control characters, as names
/// of files may hold, are written as \n or \x1b: a message is one line and commands no terminal.
void log_error(const std::string& message);

/// Draws a line at the foot of the terminal, or draws it anew. Messages go above it.
void show_moving_line(const std::string& text);
/// Leaves the line as it is; what follows goes below it.
void end_moving_line();

/// During its lifetime, log messages are also appended to `path` with a timestamp. The constructor
/// throws 73 if the file cannot be opened.
class LogFile {
 public:
  explicit LogFile(const Path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
};

/// Whether stderr is a terminal that supports colour and a progress line that is redrawn (false if
/// NO_COLOR is set or TERM is "dumb").
bool terminal();

LogLevel log_level();

}  // namespace evenray
