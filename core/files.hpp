// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

using Path = std::filesystem::path;

/// Computes a SHA-256 digest.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void add(const void* data, size_t bytes);
  void add(std::string_view text) { add(text.data(), text.size()); }
  /// Returns the digest of all added bytes as 64 hex digits. Call once; add() must not be called
  /// afterwards.
  std::string hex();

 private:
  void* state_;
};

/// Returns the SHA-256 digest of `bytes` as 64 hex digits.
std::string sha256_hex(std::string_view bytes);

/// Returns the content of a file. Throws 66 if it is missing, not a regular file or not permitted,
/// 74 on a read error, 65 if it has more than `limit` bytes.
std::string read_file(const Path& path, uint64_t limit = uint64_t{4} << 30);

/// Returns the content of a text file without its UTF-8 byte order mark. Throws as read_file().
std::string read_text(const Path& path, uint64_t limit);

/// Writes a temporary file beside `path`, fsyncs it, renames it to `path` and fsyncs the folder:
/// `path` contains either the old content or all of the new content. Creates missing parent
/// folders. Throws 73 if the file cannot be created, 74 on I/O errors (including a full disk).
void write_atomic(const Path& path, std::string_view bytes);

/// Same for several consecutive pieces (writes a large checkpoint without copying it).
void write_atomic(const Path& path, std::span<const std::string_view> pieces);

/// Writes a file that must not exist yet, without fsync and without a temporary name: for files in
/// a folder that is published as a whole. Error messages name the file `shown`. Throws 73 or 74.
void write_new(const Path& path, std::string_view bytes, const Path& shown);

/// Fsyncs `temporary` (see core/temporary.hpp), renames it to `path` and fsyncs the parent folder.
/// `temporary` is a file, or a folder of files, which may replace an existing folder. On failure,
/// removes `temporary` and throws as throw_errno(): usually 74, 73 without permission.
void publish(const Path& temporary, const Path& path);

/// The longest name of a file in most file systems, bytes.
inline constexpr size_t kLongestName = 255;
/// Returns at most the first `most` bytes of a name, and no part of a character of UTF-8.
std::string shortened(const std::string& name, size_t most);
/// Returns the path with an ending added to its name, for a file that belongs to another one. If
/// the name would be too long, it is cut, and digits that depend on all of it come before the
/// ending.
Path companion(const Path& path, const std::string& ending);

/// Creates a folder and its parents. Throws 73, or 74 if the disk is full.
void make_folder(const Path& path);

/// Returns the free bytes for this user on the file system of `path` (of its nearest existing
/// parent).
uint64_t free_bytes(const Path& path);

/// Holds the exclusive lock `folder`/.lock during its lifetime. The constructor throws 73 if
/// another process holds the lock.
class FolderLock {
 public:
  explicit FolderLock(const Path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace evenray
