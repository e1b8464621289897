// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/place.hpp"

#include <unistd.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/store/manifest.hpp"

namespace evenray {
namespace {

/// Approximate bytes per row besides its pixels: texts, columns, the chunk's index entry.
constexpr int64_t kRowOverhead = 600;
/// Radiographs deflate to less than half, noise does not. An estimate, used only to check free
/// space.
constexpr double kDeflateShare = .7;

void check_name(const Path& path) {
  std::error_code error;
  for (const Path& name : {path, shard_folder(path)}) {
    check(!std::filesystem::exists(name, error) || std::filesystem::is_regular_file(name, error) ||
              (name != path && holds_shards(name)),
          Exit::cannot_create,
          cat("cannot create ",
              path.string(),
              ": ",
              name.string(),
              " exists and cannot be replaced; choose another name"));
  }
}

void check_folder(const Path& path) {
  std::error_code error;
  Path folder = std::filesystem::absolute(path).parent_path();
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
    folder = folder.parent_path();
  check(std::filesystem::is_directory(folder, error),
        Exit::cannot_create,
        cat("cannot create ", path.string(), ": ", folder.string(), " is not a folder"));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw_errno("create", path.string());
}

void check_free(const Path& path,
                const StoreInfo& info,
                int64_t expected_rows,
                const StoreForm& form) {
  const double pixels = static_cast<double>(info.height) * info.width * info.bits / 8;
  const double row = pixels * (form.gzip_level > 0 ? kDeflateShare : 1) + kRowOverhead;
  const auto needed = static_cast<uint64_t>(1.05 * row * static_cast<double>(expected_rows));
  const uint64_t free = free_bytes(path);
  if (needed > free) {
    throw Error(Exit::io,
                cat("cannot write ",
                    path.string(),
                    ": about ",
                    needed >> 20,
                    " MiB are needed, ",
                    free >> 20,
                    " MiB are free"));
  }
}

}  // namespace

void check_place(const Path& path,
                 const StoreInfo& info,
                 int64_t expected_rows,
                 const StoreForm& form) {
  check_free(path, info, expected_rows, form);
  check_folder(path);
  check_name(path);
}

}  // namespace evenray
