// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <set>
#include <string_view>

#include "core/temporary.hpp"

namespace evenray {

/// Creates a folder of files that becomes visible only when it is complete. Files are first written
/// to a hidden folder beside the final one, which publish() renames at once. Only where the final
/// folder is a mount point or belongs to another user, the hidden folder is inside it; then its
/// entries are moved one by one, and a process that is killed meanwhile leaves some of them.
/// Example: `OutputFolder out("set");
/// out.write("train/a.png", png); out.publish();`
class OutputFolder {
 public:
  /// Throws 73 if `path` is a file, is a folder that is not empty, or cannot be created, and if
  /// another process writes there.
  explicit OutputFolder(const Path& path);
  /// Without publish(), removes everything, including parent folders that were created.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Writes a new file and creates its folders. `name` must be relative, normalised and must not
  /// leave the folder. Throws 73, or 74 (a full disk). Not thread-safe.
  void write(const Path& name, std::string_view bytes);
  /// Syncs all files, then moves them to the final folder. Throws 73, also if another process has
  /// written it meanwhile, or 74.
  void publish();

 private:
  /// The open folder path_, where staging_ is inside it.
  struct Lock {
    int descriptor = -1;
    ~Lock();
  };

  Path path_;
  Lock lock_;
  std::optional<Temporary> staging_;
  std::vector<Path> made_;  ///< parent folders that were created, the outermost first
  std::set<Path> folders_;  ///< created below staging_
  bool inside_ = false;     ///< staging_ is inside path_
  bool published_ = false;
};

}  // namespace evenray
