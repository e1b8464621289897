// SPDX-License-Identifier: Apache-2.0
#include "core/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

/// Returns an absolute path without a slash at the end, so that it has a parent and a name.
Path absolute_path(const Path& path) {
  const Path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

std::vector<Path> missing_parents(const Path& path) {
  std::vector<Path> missing;
  for (Path at = path.parent_path(); !at.empty() && !fs::exists(at); at = at.parent_path())
    missing.insert(missing.begin(), at);
  return missing;
}

/// One syncfs() for thousands of files; an fsync per file would take longer than writing them.
void sync_file_system(const Path& folder, const Path& shown) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::syncfs(descriptor) == 0;
  // close() may change errno.
  const int number = errno;
  if (descriptor >= 0) ::close(descriptor);
  errno = number;
  if (!synced) throw_errno("sync", shown);
}

void move(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  check(errno != ENOTEMPTY && errno != EEXIST,
        Exit::cannot_create,
        cat(to.string(), " has been written by another process meanwhile; give another folder"));
  throw_errno("rename to", to);
}

/// A number that differs between mounts, also of one file system.
uint64_t mount_of(const Path& path) {
  struct statx status {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &status) != 0) return 0;
  if ((status.stx_mask & STATX_MNT_ID) != 0) return status.stx_mnt_id;
  return uint64_t{status.stx_dev_major} << 32 | status.stx_dev_minor;
}

/// Whether another folder can be renamed to this one, which is empty, so that nobody sees a
/// difference: it is no mount point, no process like this shell is known to be in it, and the new
/// one has the same owner, group and rights.
bool replaceable(const Path& folder) {
  std::error_code ignored;
  struct stat status {
  }, above{};
  const Path parent = folder.parent_path();
  const bool known = ::stat(folder.c_str(), &status) == 0 && ::stat(parent.c_str(), &above) == 0;
  const bool plain = ((status.st_mode | above.st_mode) & S_ISGID) == 0 &&
                     ::getxattr(folder.c_str(), "system.posix_acl_access", nullptr, 0) <= 0 &&
                     ::getxattr(folder.c_str(), "system.posix_acl_default", nullptr, 0) <= 0;
  const uint64_t mount = mount_of(folder);
  return known && plain && status.st_uid == ::geteuid() && status.st_gid == ::getegid() &&
         ::access(parent.c_str(), W_OK) == 0 && mount != 0 && mount == mount_of(parent) &&
         folder != fs::current_path(ignored);
}

/// Takes a lock of a folder. Returns its descriptor. Throws 73 if another process has it.
int lock_folder(const Path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_errno("open", folder);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return descriptor;
  ::close(descriptor);
  throw Error(Exit::cannot_create, cat(folder.string(), " is in use by another evenray process"));
}

}  // namespace

OutputFolder::OutputFolder(const Path& path) : path_(absolute_path(path)) {
  std::error_code error;
  const auto status = fs::symlink_status(path_, error);
  const bool there = fs::exists(status);
  inside_ = there && fs::is_directory(path_, error);
  check(!there || inside_,
        Exit::cannot_create,
        cat(path.string(), ": cannot create this folder: a file with this name exists"));
  if (inside_) {
    path_ = fs::canonical(path_);
    inside_ = !replaceable(path_);
    if (inside_) lock_.descriptor = lock_folder(path_);
    remove_leftovers_of(path_ / "content");
  }
  const Path content = inside_ ? path_ / "content" : path_;
  remove_leftovers_of(content);
  if (there) {
    const bool empty = fs::is_empty(path_, error);
    check(!error, Exit::cannot_create, cat("cannot read ", path.string(), ": ", error.message()));
    check(empty,
          Exit::cannot_create,
          cat(path.string(), " is not empty; give a new or an empty folder"));
  } else {
    made_ = missing_parents(path_);
  }
  make_folder(content.parent_path());
  staging_.emplace(Temporary::folder(content));
  struct stat before {};
  if (there && !inside_ && ::stat(path_.c_str(), &before) == 0)
    ::chmod(staging_->path().c_str(), before.st_mode & 07777);
}

OutputFolder::Lock::~Lock() {
  if (descriptor >= 0) ::close(descriptor);
}

OutputFolder::~OutputFolder() {
  staging_.reset();
  if (published_) return;
  std::error_code ignored;
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, ignored);
}

void OutputFolder::write(const Path& name, std::string_view bytes) {
  assert(name.is_relative() && name == name.lexically_normal() && *name.begin() != "..");
  const Path file = staging_->path() / name;
  if (folders_.insert(file.parent_path()).second) make_folder(file.parent_path());
  write_new(file, bytes, path_ / name);
}

void OutputFolder::publish() {
  const Path staging = staging_->path();
  sync_file_system(staging, path_);
  if (inside_) {
    std::vector<Path> names;
    for (const auto& entry : fs::directory_iterator(staging))
      names.push_back(entry.path().filename());
    size_t moved = 0;
    try {
      for (; moved < names.size(); ++moved) move(staging / names[moved], path_ / names[moved]);
    } catch (...) {
      while (moved-- > 0) {
        std::error_code ignored;
        fs::remove_all(path_ / names[moved], ignored);
      }
      throw;
    }
  } else {
    move(staging, path_);
  }
  staging_.reset();
  published_ = true;
  sync_file_system(path_, path_);
}

}  // namespace evenray
