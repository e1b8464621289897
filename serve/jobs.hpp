// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "serve/analysis/worker.hpp"
#include "serve/records/exams.hpp"

namespace evenray {

/// Callers of Jobs::wait() at the same time: fewer than the handlers of the web server.
inline constexpr int kMostWaiting = 8;

/// Analyses waiting exams, one after another, in a thread of its own. Those that an earlier process
/// left waiting come first. After a fault such as a full disk, an exam is tried again.
class Jobs {
 public:
  /// `exams` and `worker` must outlive it.
  Jobs(Exams& exams, Worker& worker);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Adds a waiting exam to the queue.
  void add(const std::string& exam);
  /// Returns the number of exams before this one; 0 if it is next, running or done.
  size_t before(const std::string& exam) const;
  /// Waits until the exam is no longer waiting, `seconds` at most. Returns whether it is. At most
  /// `kMostWaiting` callers wait at the same time; others return at once.
  bool wait(const std::string& exam, double seconds);
  /// Ends all waits, now and from now on.
  void release();

 private:
  void work();
  void analyse(const std::string& exam);

  Exams& exams_;
  Worker& worker_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool released_ = false;
  std::deque<std::string> queue_;
  std::string running_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace evenray
