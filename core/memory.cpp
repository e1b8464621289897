// SPDX-License-Identifier: Apache-2.0
#include "core/memory.hpp"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>

namespace evenray {
namespace {

/// Returns a number that is alone in a file; 0 if there is none.
uint64_t number_in(const std::string& file) {
  uint64_t value = 0;
  std::ifstream in(file);
  return in >> value ? value : 0;
}

/// Returns the number after a word in a file; 0 if it is not there.
uint64_t number_after(const std::string& word, const std::string& file) {
  uint64_t value = 0;
  std::ifstream in(file);
  for (std::string found; in >> found;)
    if (found == word) return in >> value ? value : 0;
  return 0;
}

/// Files of a control group (cgroups, version 2 and 1).
struct GroupFiles {
  std::string folder, limit, used, cache;
};

/// What the control group allows beyond what it uses; the largest number if it has no limit. Pages
/// of files that were read count as used there, but are given back when memory is needed.
uint64_t group_memory() {
  const GroupFiles versions[] = {
      {"/sys/fs/cgroup/", "memory.max", "memory.current", "inactive_file"},
      {"/sys/fs/cgroup/memory/",
       "memory.limit_in_bytes",
       "memory.usage_in_bytes",
       "total_inactive_file"}};
  for (const auto& [folder, limit, used, cache] : versions)
    if (const uint64_t most = number_in(folder + limit); most > 0) {
      const uint64_t all = number_in(folder + used);
      const uint64_t given_back = number_after(cache, folder + "memory.stat");
      return most - std::min(most, all - std::min(all, given_back));
    }
  return UINT64_MAX;
}

/// Who has how much of the memory for pictures.
struct Shares {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t all = available_memory() / 4, used = 0;
  uint64_t next = 0, served = 0;  ///< turns: whose is next, and how many have been given
};

Shares& shares() {
  static Shares out;
  return out;
}

}  // namespace

uint64_t available_memory() {
  return std::min(number_after("MemAvailable:", "/proc/meminfo") << 10, group_memory());
}

void set_picture_memory(uint64_t bytes) {
  const std::lock_guard lock(shares().mutex);
  shares().all = bytes;
}

PictureMemory::PictureMemory(uint64_t bytes) : bytes_(bytes) {
  Shares& all = shares();
  std::unique_lock lock(all.mutex);
  const uint64_t turn = all.next++;
  all.changed.wait(
      lock, [&] { return all.served == turn && (all.used == 0 || all.used + bytes_ <= all.all); });
  ++all.served;
  all.used += bytes_;
  all.changed.notify_all();
}

PictureMemory::~PictureMemory() {
  Shares& all = shares();
  const std::lock_guard lock(all.mutex);
  all.used -= bytes_;
  all.changed.notify_all();
}

}  // namespace evenray
