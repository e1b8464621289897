// SPDX-License-Identifier: Apache-2.0
#include "core/output_folder.hpp"

#include <fcntl.h>
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
  if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("rename to", to);
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
  staging_ = temporary_beside(inside_ ? path_ / "content" : path_);
  remove_leftovers_of(inside_ ? path_ / "content" : path_);
  if (inside_) {
    const bool empty = fs::is_empty(path_, error);
    check(!error, Exit::cannot_create, cat("cannot read ", path.string(), ": ", error.message()));
    check(empty,
          Exit::cannot_create,
          cat(path.string(), " is not empty; give a new or an empty folder"));
  } else {
    made_ = missing_parents(path_);
  }
  make_folder(staging_);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  if (published_) return;
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, ignored);
}

void OutputFolder::write(const Path& name, std::string_view bytes) {
  assert(name.is_relative() && name == name.lexically_normal() && *name.begin() != "..");
  const Path file = staging_ / name;
  if (folders_.insert(file.parent_path()).second) make_folder(file.parent_path());
  write_new(file, bytes, path_ / name);
}

void OutputFolder::publish() {
  sync_file_system(staging_, path_);
  if (inside_) {
    std::vector<Path> names;
    for (const auto& entry : fs::directory_iterator(staging_))
      names.push_back(entry.path().filename());
    size_t moved = 0;
    try {
      for (; moved < names.size(); ++moved) move(staging_ / names[moved], path_ / names[moved]);
    } catch (...) {
      while (moved-- > 0) {
        std::error_code ignored;
        fs::remove_all(path_ / names[moved], ignored);
      }
      throw;
    }
  } else {
    move(staging_, path_);
  }
  published_ = true;
  sync_file_system(path_, path_);
}

}  // namespace evenray
