// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include "core/files.hpp"

namespace evenray {

/// A hidden file or folder beside the path that its content is for. It has a random name that
/// nobody else uses, and is locked (flock) as long as this object lives: by that, other processes
/// see that its writer lives, also from another container or, for files, over NFS. Over NFS a
/// folder cannot be locked; one whose writer was killed then stays until somebody deletes it.
class Temporary {
 public:
  /// Creates an empty file. Throws 73 or 74; messages name the file `path`.
  static Temporary file(const Path& path, mode_t mode = 0666);
  /// Creates an empty folder. Throws as file().
  static Temporary folder(const Path& path);
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&&) = delete;
  /// Removes it, unless it was renamed.
  ~Temporary();

  const Path& path() const { return path_; }
  /// Of the open file or folder.
  int descriptor() const { return descriptor_; }

 private:
  Temporary(Path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  static Temporary create(const Path& path, mode_t mode, bool folder);

  Path path_;
  int descriptor_;
};

/// Removes temporary files and folders below `folder` whose writer ended without publishing them.
void remove_abandoned_temporaries(const Path& folder);
/// Same, but only the temporary files and folders of `path`.
void remove_leftovers_of(const Path& path);

}  // namespace evenray
