// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include <cerrno>
#include <cstring>

namespace evenray {

void check(bool ok, Exit code, const std::string& message) {
  if (!ok) throw Error(code, message);
}

void throw_errno(const std::string& doing, const std::string& path) {
  const int number = errno;
  Exit code = Exit::io;
  if (number == ENOENT) code = Exit::missing_input;
  if (number == EACCES || number == EPERM || number == EROFS || number == ENOTDIR ||
      number == EISDIR || number == ENAMETOOLONG) {
    code = Exit::cannot_create;
  }
  throw Error(code, "cannot " + doing + " " + path + ": " + std::strerror(number));
}

}  // namespace evenray
