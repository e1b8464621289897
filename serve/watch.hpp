// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "serve/site.hpp"

namespace evenray {

/// Takes the files that a modality or a router puts into a folder, in a thread of its own. A file
/// is taken when its size and time have not changed for two seconds, and then removed; one that is
/// not an image or cannot be read is moved to FOLDER/refused. Hidden files (".name") and folders
/// are left alone.
class WatchedFolder {
 public:
  /// `site` must outlive it. Throws 66 if the folder does not exist, 73 if FOLDER/refused cannot be
  /// made.
  WatchedFolder(Site& site, Path folder);
  ~WatchedFolder();
  WatchedFolder(const WatchedFolder&) = delete;
  WatchedFolder& operator=(const WatchedFolder&) = delete;

 private:
  struct Seen {
    uintmax_t bytes = 0;
    std::filesystem::file_time_type changed;
    std::chrono::steady_clock::time_point since;
  };

  void work();
  /// Looks once at all files.
  void look();
  void take(const Path& file);

  Site& site_;
  Path folder_, refused_;
  std::map<Path, Seen> seen_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace evenray
