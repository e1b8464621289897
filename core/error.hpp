// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>

namespace evenray {

/// Exit codes of the command line; every Error carries the one that fits it.
enum class Exit : int {
  done = 0,
  failed = 1,
  usage = 2,
  bad_data = 65,
  missing_input = 66,
  missing_resource = 69,
  cannot_create = 73,
  io = 74,
  stopped = 75,
  config = 78,
};

/// What ends a task: what was being done, on which file or key, what was found, the way out. One
/// line, no final stop.
class Error : public std::runtime_error {
 public:
  Error(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Exit code() const { return code_; }

 private:
  Exit code_;
};

/// Throws Error(code, message) unless ok. For messages that are dear to build, use `if (!ok)
/// throw`.
void check(bool ok, Exit code, const std::string& message);

/// Throws for a failed system call on a file that is written: no permission, a wrong or too long
/// path give 73, missing 66, all else (disk full, I/O) 74. Reads errno.
[[noreturn]] void throw_errno(const std::string& doing, const std::string& path);
/// The same for one that is read: whatever is wrong with its path or permissions gives 66.
[[noreturn]] void throw_unreadable(const std::string& path, int number);

}  // namespace evenray
