// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <string>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {

/// A golden file: tests/golden/<name>. ctest sets EVENRAY_SOURCE; by hand, start in the source
/// folder.
inline Path golden_path(const std::string& name) {
  const char* source = std::getenv("EVENRAY_SOURCE");
  return Path(source ? source : ".") / "tests" / "golden" / name;
}

inline Json golden_json(const std::string& name) { return read_json(golden_path(name)); }

/// A new folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() / cat("evenray-test-", ::getpid(), "-", count++);
    std::filesystem::create_directories(path_);
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

}  // namespace evenray
