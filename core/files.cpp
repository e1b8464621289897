// SPDX-License-Identifier: Apache-2.0
#include "core/files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/error.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

Path folder_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

/// Fsyncs a file or folder; error messages name it `shown`.
void sync(const Path& path, const Path& shown) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) throw_errno("sync", shown);
}

/// Renames; an existing folder at `path` is exchanged with the new one and then removed, because
/// rename() does not replace a folder that is not empty.
void rename_over(const Path& temporary, const Path& path) {
  if (::rename(temporary.c_str(), path.c_str()) == 0) return;
  if (errno != ENOTEMPTY && errno != EEXIST) throw_errno("rename to", path);
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0)
    throw_errno("rename to", path);
  std::error_code ignored;
  std::filesystem::remove_all(temporary, ignored);
}

void write_all(int descriptor, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Digest::Digest() : state_(EVP_MD_CTX_new()) {
  if (!state_ || EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_sha256(), nullptr) != 1) {
    throw Error(Exit::failed, "cannot start a SHA-256 digest");
  }
}

Digest::~Digest() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_)); }

void Digest::add(const void* data, size_t bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), data, bytes);
}

std::string Digest::hex() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), bytes, &count);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < count; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

std::string read_file(const Path& path, uint64_t limit) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_unreadable(path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_unreadable(path, errno);
  check(S_ISREG(status.st_mode),
        Exit::missing_input,
        cat("cannot read ", path.string(), ": not a file"));
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > limit) {
    throw Error(Exit::bad_data,
                cat(path.string(), ": ", size, " bytes, more than the limit of ", limit, " bytes"));
  }
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(file.get(), bytes.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_unreadable(path, errno);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

std::string read_text(const Path& path, uint64_t limit) {
  std::string text = read_file(path, limit);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

void write_atomic(const Path& path, std::string_view bytes) {
  write_atomic(path, std::span(&bytes, 1));
}

void write_atomic(const Path& path, std::span<const std::string_view> pieces) {
  make_folder(folder_of(path));
  const Temporary temporary = Temporary::file(path, 0644);
  for (const auto piece : pieces) write_all(temporary.descriptor(), piece, path);
  publish(temporary.path(), path);
}

void write_new(const Path& path, std::string_view bytes, const Path& shown) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file.get() < 0) throw_errno("create", shown);
  write_all(file.get(), bytes, shown);
  if (!file.close()) throw_errno("write", shown);
}

void publish(const Path& temporary, const Path& path) {
  std::error_code ignored;
  try {
    for (std::filesystem::directory_iterator file(temporary, ignored), end; file != end; ++file)
      sync(file->path(), path);
    sync(temporary, path);
    rename_over(temporary, path);
  } catch (...) {
    std::filesystem::remove_all(temporary, ignored);
    throw;
  }
  sync(folder_of(path), folder_of(path));
}

std::string shortened(const std::string& name, size_t most) {
  if (name.size() <= most) return name;
  const auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80;
  };
  while (most > 0 && continues(most)) --most;
  return name.substr(0, most);
}

Path companion(const Path& path, const std::string& ending) {
  constexpr size_t kDigits = 8;
  const std::string name = path.filename().string();
  if (name.size() + ending.size() <= kLongestName) return Path(path) += ending;
  const size_t most = kLongestName - ending.size() - kDigits - 1;
  const std::string digits = sha256_hex(name).substr(0, kDigits);
  return Path(path).replace_filename(cat(shortened(name, most), "-", digits, ending));
}

void make_folder(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path, error)) {
    throw Error(error == std::errc::no_space_on_device ? Exit::io : Exit::cannot_create,
                cat("cannot create folder ",
                    path.string(),
                    ": ",
                    error ? error.message() : "a file with this name exists"));
  }
}

uint64_t free_bytes(const Path& path) {
  std::error_code ignored;
  Path folder = std::filesystem::absolute(path);
  while (!std::filesystem::is_directory(folder, ignored) && folder.has_relative_path())
    folder = folder.parent_path();
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) throw_errno("get the free space of", folder);
  return uint64_t{status.f_bavail} * status.f_frsize;
}

FolderLock::FolderLock(const Path& folder) {
  const Path path = folder / ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw_errno("create", path);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw Error(Exit::cannot_create, cat(folder.string(), " is in use by another evenray process"));
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace evenray
