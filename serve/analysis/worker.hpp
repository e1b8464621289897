// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace evenray {

/// A message between the server and its child process: JSON and bytes.
struct WorkerMessage {
  Json json;
  std::string bytes;
};

/// A child process that reads files of strangers, so that one which harms it harms little else. It
/// has limits on memory, on the time of an answer and on open files, no new privileges, none of the
/// server's sockets, and, where the system allows it, no network and no files but those of the
/// system, to read (Landlock). A child that dies or takes too long is replaced by a new one.
class Worker {
 public:
  /// `command`: the program and its arguments; it must call serve_worker(). `timeout_s`: for one
  /// answer. The child starts with the first message.
  Worker(std::vector<std::string> command, double timeout_s);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Sends a message and returns the answer. One at a time: others wait. Throws the child's own
  /// Error, or 65 "the image took too long" or "... ended the process that read it".
  WorkerMessage ask(const Json& json, std::string_view bytes = {});
  /// Returns the child's process id, 0 if there is none.
  pid_t child() const { return child_; }

 private:
  void start();
  void end();

  std::vector<std::string> command_;
  double timeout_s_;
  std::mutex asking_;
  pid_t child_ = 0;
  int socket_ = -1;
};

/// Limits of a child process.
struct WorkerLimits {
  uint64_t more_memory_bytes = uint64_t{1}
                               << 30;  ///< of address space, beyond that of the networks
  int files = 64;
  std::vector<std::string> readable;  ///< files and folders of `prepare`
};

/// The child's life: applies the limits, then answers messages on stdin until it is closed.
/// `prepare` is run first, for example to load networks. An Error of `answer` is sent to the
/// parent, and one of `prepare` as the answer to each message.
void serve_worker(const WorkerLimits& limits,
                  const std::function<void()>& prepare,
                  const std::function<WorkerMessage(const WorkerMessage&)>& answer);

}  // namespace evenray
