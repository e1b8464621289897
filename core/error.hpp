// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>

namespace evenray {

/// core contains what every other part needs: errors, files, text, JSON, CSV, logging, threads and
/// random numbers. It does not depend on images or networks. Read this header and files.hpp first;
/// the others can be read in any order.

/// Exit codes of the command line, most of them from sysexits.h. Every Error has one of them.
enum class Exit : int {
  done = 0,               ///< success
  failed = 1,             ///< failed for another reason (a failed study cell, a diverged training)
  usage = 2,              ///< unknown flag or name on the command line
  bad_data = 65,          ///< damaged or unsuitable input
  missing_input = 66,     ///< an input does not exist or cannot be read
  missing_resource = 69,  ///< no such GPU, or out of memory
  cannot_create = 73,     ///< no permission, or the output exists
  io = 74,                ///< read or write error, including a full disk
  stopped = 75,           ///< stopped by a signal after a checkpoint; can be resumed
  config = 78,            ///< unknown key or value out of range in the configuration
};

/// An error that ends a task. The message states what was being done, on which file or key, what
/// was found, and what the user can do. One line without a full stop at the end.
class Error : public std::runtime_error {
 public:
  Error(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Exit code() const { return code_; }

 private:
  Exit code_;
};

/// Throws Error(code, message) unless `ok`. The message is always built; where that is expensive,
/// use `if (!ok) throw`.
void check(bool ok, Exit code, const std::string& message);

/// Throws for a failed system call on an output file: 73 if there is no permission or the path is
/// invalid or too long, 66 if the path is missing, 74 otherwise (disk full, I/O error). Reads
/// errno. The message is "cannot DOING PATH: REASON".
[[noreturn]] void throw_errno(const std::string& doing, const std::string& path);
/// Throws for a failed system call on an input file: 66 if the path is missing or invalid or there
/// is no permission, 74 otherwise. `number`: the errno.
[[noreturn]] void throw_unreadable(const std::string& path, int number);

}  // namespace evenray
