// SPDX-License-Identifier: Apache-2.0
#include "serve/jobs.hpp"

#include <algorithm>
#include <chrono>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {

Jobs::Jobs(Exams& exams, Worker& worker) : exams_(exams), worker_(worker) {
  for (auto& exam : exams_.waiting()) queue_.push_back(std::move(exam));
  thread_ = std::thread([this] { work(); });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Jobs::add(const std::string& exam) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(exam);
  }
  changed_.notify_all();
}

size_t Jobs::before(const std::string& exam) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(queue_.begin(), queue_.end(), exam);
  if (found == queue_.end()) return 0;
  return static_cast<size_t>(found - queue_.begin()) + (running_.empty() ? 0 : 1);
}

bool Jobs::wait(const std::string& exam, double seconds) {
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    return running_ != exam && std::find(queue_.begin(), queue_.end(), exam) == queue_.end();
  };
  if (waiting_ >= kMostWaiting) return ended();
  ++waiting_;
  changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] {
    return stopping_ || released_ || ended();
  });
  --waiting_;
  return ended();
}

void Jobs::release() {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
  }
  changed_.notify_all();
}

void Jobs::work() {
  constexpr std::chrono::seconds kPause(5);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    running_ = queue_.front();
    queue_.pop_front();
    lock.unlock();
    bool fault = false;
    try {
      analyse(running_);
    } catch (const std::exception& error) {
      // A full disk, for example. The exam waits on.
      log_error(cat("an image was not analysed: ", error.what()));
      fault = true;
    }
    lock.lock();
    if (fault) queue_.push_back(running_);
    running_.clear();
    changed_.notify_all();
    if (fault) changed_.wait_for(lock, kPause, [&] { return stopping_; });
  }
}

void Jobs::analyse(const std::string& id) {
  const auto exam = exams_.find(id);
  if (!exam || exam->deleted || exam->state != ExamState::waiting) return;
  WorkerMessage answer;
  try {
    answer = worker_.ask({{"do", "analyse"}}, read_file(exams_.image_file(exam->image)));
  } catch (const Error& error) {
    exams_.fail(id, error.what());
    return;
  }
  const Json& classes = answer.json.at("classes");
  const bool classified = !classes.empty();
  exams_.finish(id,
                classified ? classes[0].at("name").get<std::string>() : "",
                classified ? classes[0].at("p").get<double>() : 0,
                answer.json,
                answer.bytes);
}

}  // namespace evenray
