// SPDX-License-Identifier: Apache-2.0
#include "core/charset.hpp"

#include <iconv.h>

#include <bit>
#include <cstdint>
#include <memory>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

std::string utf8_from(std::string_view bytes, const std::string& charset) {
  // glibc takes what follows a slash as an option.
  const std::string unknown = cat("unknown character set '", charset, "'");
  check(charset.find('/') == std::string::npos, Exit::bad_data, unknown);
  const iconv_t opened = iconv_open("UTF-8", charset.c_str());
  check(std::bit_cast<intptr_t>(opened) != -1, Exit::bad_data, unknown);
  const std::unique_ptr<void, int (*)(iconv_t)> converter(opened, &iconv_close);
  // No character of a set that iconv knows takes more than four times its bytes in UTF-8.
  std::string in(bytes), out(4 * bytes.size() + 16, '\0');
  char *from = in.data(), *to = out.data();
  size_t in_left = in.size(), out_left = out.size();
  const bool whole = iconv(converter.get(), &from, &in_left, &to, &out_left) != size_t(-1) &&
                     iconv(converter.get(), nullptr, nullptr, &to, &out_left) != size_t(-1);
  check(whole, Exit::bad_data, cat("not valid ", charset, " (at byte ", in.size() - in_left, ")"));
  out.resize(out.size() - out_left);
  return out;
}

}  // namespace evenray
