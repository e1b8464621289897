// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include <cerrno>
#include <cstring>

namespace evenray {

void check(bool ok, Exit code, const std::string& message) {
  if (!ok) throw Error(code, message);
}

namespace {

bool is_path_error(int number) {
  return number == EACCES || number == EPERM || number == EROFS || number == ENOTDIR ||
         number == EISDIR || number == ELOOP || number == ENAMETOOLONG;
}

}  // namespace

void throw_errno(const std::string& doing, const std::string& path) {
  const int number = errno;
  Exit code = Exit::io;
  if (number == ENOENT) code = Exit::missing_input;
  if (is_path_error(number)) code = Exit::cannot_create;
  throw Error(code, "cannot " + doing + " " + path + ": " + std::strerror(number));
}

void throw_unreadable(const std::string& path, int number) {
  throw Error(number == ENOENT || is_path_error(number) ? Exit::missing_input : Exit::io,
              "cannot read " + path + ": " + std::strerror(number));
}

}  // namespace evenray
