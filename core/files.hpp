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

/// SHA-256 of what was added, as 64 hex digits.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void add(const void* data, size_t bytes);
  void add(std::string_view text) { add(text.data(), text.size()); }
  /// Ends the digest; nothing can be added afterwards.
  std::string hex();

 private:
  void* state_;
};

std::string sha256_hex(std::string_view bytes);

/// The whole file. Throws 66 if it is missing, no file or not permitted, 74 on a read error, 65
/// above `limit` bytes.
std::string read_file(const Path& path, uint64_t limit = uint64_t{4} << 30);

/// Writes beside `path`, fsyncs, renames, fsyncs the folder: `path` holds the old bytes or all of
/// the new ones, never a part. Makes missing parent folders. Throws 73 where it cannot create, 74
/// on I/O errors (a full disk).
void write_atomic(const Path& path, std::string_view bytes);

/// The same for several pieces in a row (large checkpoints without a copy).
void write_atomic(const Path& path, std::span<const std::string_view> pieces);

/// A file that does not exist yet, neither synced nor hidden: for a folder that is published as a
/// whole. Errors name it `shown`. Throws 73 or 74.
void write_new(const Path& path, std::string_view bytes, const Path& shown);

/// Where a writer of its own (HDF5) puts its file before publish(): hidden, in the folder of
/// `path`.
Path temporary_beside(const Path& path);

/// fsync, rename to `path`, fsync of the folder that it lies in. Of a file, or of a folder of
/// files, which replaces a folder. Throws 74; what was temporary is removed then.
void publish(const Path& temporary, const Path& path);

/// Makes a folder and its parents. Throws 73.
void make_folder(const Path& path);

/// Bytes that this user may still write where `path` lies (its nearest existing parent).
uint64_t free_bytes(const Path& path);

/// Removes temporary files and folders below `folder` whose writers have ended without publishing
/// them.
void remove_leftovers(const Path& folder);
/// The same for the temporary files and folders of `path` alone.
void remove_leftovers_of(const Path& path);

/// Takes the exclusive lock `folder`/.lock for as long as it lives; throws 73 if another process
/// holds it.
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
