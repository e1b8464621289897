// SPDX-License-Identifier: Apache-2.0
#include "serve/watch.hpp"

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "serve/intake.hpp"

namespace evenray {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::seconds kPause{1}, kStill{2};

}  // namespace

WatchedFolder::WatchedFolder(Site& site, Path folder)
    : site_(site), folder_(std::move(folder)), refused_(folder_ / "refused") {
  check(std::filesystem::is_directory(folder_),
        Exit::missing_input,
        cat(folder_.string(), " is not a folder; make it first"));
  make_folder(refused_);
  thread_ = std::thread([this] { work(); });
}

WatchedFolder::~WatchedFolder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void WatchedFolder::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    try {
      look();
    } catch (const std::exception&) {
      // A full disk, for example: the files stay where they are until it is over. The error may
      // name a file, and its name a patient.
      log_error("the watched folder cannot be read or emptied; its files wait");
    }
    lock.lock();
    stop_.wait_for(lock, kPause, [&] { return stopping_; });
  }
}

void WatchedFolder::look() {
  std::map<Path, Seen> now;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::error_code gone;
    if (!entry.is_regular_file(gone) || entry.is_symlink(gone) ||
        entry.path().filename().string().starts_with('.'))
      continue;
    Seen seen{entry.file_size(gone), entry.last_write_time(gone), steady_clock::now()};
    if (gone) continue;
    const auto before = seen_.find(entry.path());
    if (before != seen_.end() && before->second.bytes == seen.bytes &&
        before->second.changed == seen.changed)
      seen.since = before->second.since;
    now[entry.path()] = seen;
  }
  seen_ = std::move(now);
  for (const auto& [file, seen] : seen_)
    if (steady_clock::now() - seen.since >= kStill) take(file);
}

void WatchedFolder::take(const Path& file) {
  Visitor watcher;
  watcher.account = "watch";
  watcher.source = "folder";
  // Hidden while it is taken: a file that cannot be removed is not taken twice.
  const Path taken = folder_ / ("." + file.filename().string() + ".taken");
  std::error_code failed;
  std::filesystem::rename(file, taken, failed);
  if (failed) return log_error("a file of the watched folder cannot be taken: it may not be moved");
  try {
    check(
        std::filesystem::file_size(taken) <= kLargestFile, Exit::bad_data, "the file is too large");
    const std::string bytes = read_file(taken);
    take_file(
        site_,
        watcher,
        {.bytes = bytes, .name = file.filename().string(), .patient = {}, .patient_of_file = true});
    std::filesystem::remove(taken, failed);
  } catch (const Error& error) {
    if (error.code() == Exit::bad_data || error.code() == Exit::missing_input) {
      site_.audit(watcher, "exam.upload", "refused");
      // Names may hold those of patients: the log does not have them.
      log_error("a file of the watched folder was refused; it is in the folder 'refused'");
      Path refused = refused_ / file.filename();
      for (int i = 1; std::filesystem::exists(refused); ++i)
        refused = refused_ / cat(i, "-", file.filename().string());
      std::filesystem::rename(taken, refused, failed);
      return;
    }
    std::filesystem::rename(taken, file, failed);  // for example a full disk: again later
    throw;
  }
}

}  // namespace evenray
