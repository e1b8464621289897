// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "core/files.hpp"
#include "core/text.hpp"
#include "dataset/image.hpp"

namespace evenray {

/// A folder of a test's own, removed with all that is in it.
class TestFolder {
 public:
  TestFolder() {
    static std::atomic<int> count = 0;
    path_ =
        std::filesystem::temp_directory_path() / cat("evenray-images-", ::getpid(), "-", count++);
    make_folder(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  Path operator/(const std::string& name) const { return path_ / name; }
  std::string text() const { return path_.string(); }
  /// Writes a small grey PNG.
  void image(const std::string& name) const {
    write_atomic(path_ / name, encode_png(cv::Mat(4, 6, CV_8UC1, cv::Scalar(9))));
  }
  void file(const std::string& name, std::string_view text) const {
    write_atomic(path_ / name, text);
  }

 private:
  Path path_;
};

/// Real data, or nothing with a printed word.
inline std::optional<Path> real_data(const std::string& name) {
  const char* data = std::getenv("EVENRAY_DATA");
  const char* source = std::getenv("EVENRAY_SOURCE");
  const Path root = data ? Path(data) : Path(source ? source : ".") / ".." / "shared" / "data";
  if (std::filesystem::is_directory(root / name)) return root / name;
  std::cout << "skipped: no " << (root / name).string() << "\n";
  return std::nullopt;
}

inline Path golden_folder() {
  const char* source = std::getenv("EVENRAY_SOURCE");
  return Path(source ? source : ".") / "tests" / "golden" / "dataset";
}

}  // namespace evenray
