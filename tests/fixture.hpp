// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {

/// ctest sets EVENRAY_SOURCE; by hand, start in the source folder.
inline Path source_folder() {
  const char* source = std::getenv("EVENRAY_SOURCE");
  return source ? source : ".";
}

/// A golden file: tests/golden/<name>.
inline Path golden_path(const std::string& name) {
  return source_folder() / "tests" / "golden" / name;
}

inline Json golden_json(const std::string& name) { return read_json(golden_path(name)); }

/// A folder of real images in $EVENRAY_DATA, else in ../shared/data. Empty, with a printed word,
/// where there is none.
inline Path real_data(const std::string& name) {
  const char* data = std::getenv("EVENRAY_DATA");
  const Path folder = (data ? Path(data) : source_folder() / ".." / "shared" / "data") / name;
  if (std::filesystem::is_directory(folder)) return folder;
  std::cout << "skipped: no " << folder.string() << "\n";
  return {};
}

/// A new folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string path = std::filesystem::temp_directory_path() / "evenray-test-XXXXXX";
    if (!::mkdtemp(path.data())) throw_errno("create", path);
    path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const Path& path() const { return path_; }
  Path operator/(const std::string& name) const { return path_ / name; }

 private:
  Path path_;
};

/// The error that `action` ends with; fails with exit code `done` where it ends well.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(Exit::done, "no error");
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Writes any bytes, in a folder that it makes where it is missing.
inline void write_text(const Path& path, const std::string& text) {
  make_folder(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// Changes one bit of a file, in its middle unless told where.
inline void flip_bit(const Path& path, std::optional<size_t> at = {}) {
  std::string bytes = read_file(path);
  bytes[at.value_or(bytes.size() / 2)] ^= 1;
  write_text(path, bytes);
}

}  // namespace evenray
