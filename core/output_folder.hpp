// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string_view>

#include "core/files.hpp"

namespace evenray {

/// Creates a folder of files that becomes visible only when it is complete. Files are first written
/// to a hidden folder, which is beside the final folder, or inside it if it exists (it may be a
/// mount point), and moved by publish(). Example: `OutputFolder out("set");
/// out.write("train/a.png", png); out.publish();`
class OutputFolder {
 public:
  /// Throws 73 if `path` is a file, is a folder that is not empty, or cannot be created.
  explicit OutputFolder(const Path& path);
  /// Without publish(), removes everything, including parent folders that were created.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Writes a new file and creates its folders. `name` must be relative, normalised and must not
  /// leave the folder. Throws 73, or 74 (a full disk). Not thread-safe.
  void write(const Path& name, std::string_view bytes);
  /// Syncs all files, then moves them to the final folder. Throws 73 or 74.
  void publish();

 private:
  Path path_, staging_;
  std::vector<Path> made_;  ///< parent folders that were created, the outermost first
  std::set<Path> folders_;  ///< created below staging_
  bool inside_ = false;     ///< staging_ is inside path_
  bool published_ = false;
};

}  // namespace evenray
