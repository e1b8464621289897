// SPDX-License-Identifier: Apache-2.0
#include "core/temporary.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kMark = ".evenray-tmp-";
constexpr size_t kRandomBytes = 8, kDigits = 2 * kRandomBytes;

std::string random_digits() {
  std::array<unsigned char, kRandomBytes> bytes;
  check(RAND_bytes(bytes.data(), kRandomBytes) == 1,
        Exit::failed,
        "OpenSSL could not provide random bytes for a temporary name");
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

/// What the names of the temporaries of a path begin with.
std::string start_of(const Path& path) {
  constexpr size_t kMost = kLongestName - 1 - kMark.size() - kDigits;
  return cat(".", shortened(path.filename().string(), kMost), kMark);
}

Path folder_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

bool is_temporary(const std::string& name) {
  const size_t mark = name.rfind(kMark);
  if (mark == std::string::npos || name.size() != mark + kMark.size() + kDigits) return false;
  return std::all_of(name.end() - kDigits, name.end(), [](unsigned char c) {
    return std::isdigit(c) || (c >= 'a' && c <= 'f');
  });
}

int open_for_lock(const Path& path, bool folder) {
  // A lock over NFS needs a file that is open for writing.
  return ::open(path.c_str(),
                (folder ? O_RDONLY | O_DIRECTORY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/// Whether the open file is still the one at this path.
bool is_at(int descriptor, const Path& path) {
  struct stat open {
  }, there{};
  return ::fstat(descriptor, &open) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

/// Removes a temporary that nobody holds the lock of. One that cannot be opened or locked is left:
/// its writer may live.
void remove_if_abandoned(const Path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  const bool folder = std::filesystem::is_directory(status);
  if (!folder && !std::filesystem::is_regular_file(status)) return;
  const int descriptor = open_for_lock(path, folder);
  if (descriptor < 0) return;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_at(descriptor, path))
    std::filesystem::remove_all(path, ignored);
  ::close(descriptor);
}

}  // namespace

Temporary Temporary::create(const Path& path, mode_t mode, bool folder) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const Path name = folder_of(path) / cat(start_of(path), random_digits());
    int descriptor = -1;
    if (!folder)
      descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    else if (::mkdir(name.c_str(), mode) == 0) {
      descriptor = open_for_lock(name, folder);
      if (descriptor < 0 && errno == ENOENT) continue;  // taken for abandoned, and removed
      const int number = errno;
      if (descriptor < 0) ::rmdir(name.c_str());
      errno = number;
    }
    if (descriptor < 0) {
      if (errno == EEXIST) continue;
      // The content's folder is missing; that is no missing input (66).
      if (errno == ENOENT) errno = EACCES;
      throw_errno("create", path);
    }
    // Another fault than a lock of somebody else: this file system has no locks.
    const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (locked && is_at(descriptor, name)) return {name, descriptor};
    ::close(descriptor);  // another process took it for abandoned, and removes it
  }
  throw Error(Exit::io, cat("cannot create a temporary name beside ", path.string()));
}

Temporary Temporary::file(const Path& path, mode_t mode) { return create(path, mode, false); }

Temporary Temporary::folder(const Path& path) { return create(path, 0777, true); }

Temporary::Temporary(Temporary&& other) noexcept
    : path_(std::exchange(other.path_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}

Temporary::~Temporary() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  if (is_at(descriptor_, path_)) std::filesystem::remove_all(path_, ignored);
  ::close(descriptor_);
}

void remove_abandoned_temporaries(const Path& folder) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end;
       entry.increment(error)) {
    if (!is_temporary(entry->path().filename().string())) continue;
    entry.disable_recursion_pending();
    remove_if_abandoned(entry->path());
  }
}

void remove_leftovers_of(const Path& path) {
  const std::string start = start_of(path);
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_of(path), error), end;
       !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(start) && is_temporary(name)) remove_if_abandoned(entry->path());
  }
}

}  // namespace evenray
