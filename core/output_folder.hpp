// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string_view>

#include "core/files.hpp"

namespace evenray {

/// A folder that appears whole or not at all. Its files are written into a hidden folder: beside it
/// where it does not exist yet, inside it where it does (it may be a mount), and moved at the end.
/// Example: `OutputFolder out("set"); out.write("train/a.png", png); out.publish();`
class OutputFolder {
 public:
  /// Throws 73 where `path` is a file, a folder that is not empty, or cannot be made.
  explicit OutputFolder(const Path& path);
  /// Without publish() nothing is left, not even folders on the way that were made for it.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// A new file; `name` is relative and stays below the folder, whose folders are made. Throws 73
  /// or 74 (a full disk). One call at a time.
  void write(const Path& name, std::string_view bytes);
  /// Syncs what was written, then gives it its place. Throws 73 or 74.
  void publish();

 private:
  Path path_, staging_;
  std::vector<Path> made_;  ///< of its parents, the outermost first
  std::set<Path> folders_;  ///< below staging_
  bool inside_ = false;     ///< staging_ lies in path_
  bool published_ = false;
};

}  // namespace evenray
