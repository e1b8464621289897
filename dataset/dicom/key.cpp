// SPDX-License-Identifier: Apache-2.0
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

#include "core/error.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"

namespace evenray {
namespace {

constexpr size_t kKeyBytes = 32;

/// Writes a key to a temporary file and links it to its final name. If several processes create a
/// key, the first link wins, and no process can read half a key.
void make_key(const Path& file) {
  unsigned char key[kKeyBytes];
  check(RAND_bytes(key, kKeyBytes) == 1,
        Exit::failed,
        "OpenSSL could not provide random bytes for a key");
  const Temporary temporary = Temporary::file(file, 0600);
  const bool linked = ::write(temporary.descriptor(), key, kKeyBytes) == ssize_t{kKeyBytes} &&
                      ::fsync(temporary.descriptor()) == 0 &&
                      (::link(temporary.path().c_str(), file.c_str()) == 0 || errno == EEXIST);
  if (!linked) throw_errno("create", file);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string dicom_key(const Path& file) {
  static std::mutex one;
  const std::lock_guard lock(one);
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 && errno == ENOENT) {
    if (file.has_parent_path()) make_folder(file.parent_path());
    make_key(file);
  }
  if (::stat(file.c_str(), &status) != 0) throw_unreadable(file, errno);
  check((status.st_mode & (S_IRWXG | S_IRWXO)) == 0,
        Exit::missing_input,
        cat(file.string(), ": other users have access to this key; run chmod 600 on it"));
  std::string key = read_file(file, 4096);
  check(key.size() == kKeyBytes,
        Exit::bad_data,
        cat(file.string(), ": has ", key.size(), " bytes, but a key has ", kKeyBytes));
  return key;
}

Path default_dicom_key_file() {
  if (const auto file = environment("EVENRAY_KEY"); !file.empty()) return file;
  if (const auto folder = environment("XDG_CONFIG_HOME"); !folder.empty())
    return Path(folder) / "evenray" / "key";
  const auto home = environment("HOME");
  check(!home.empty(),
        Exit::missing_input,
        "no file name for the key of the DICOM id hashes; set EVENRAY_KEY to a file");
  return Path(home) / ".config" / "evenray" / "key";
}

}  // namespace evenray
