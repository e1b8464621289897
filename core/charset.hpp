// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace evenray {

/// Converts text of a character set that iconv knows (EUC-KR, ISO-8859-9, UTF-16, ...) to UTF-8.
/// Throws Exit::bad_data if the character set is unknown or the bytes are not valid in it.
std::string utf8_from(std::string_view bytes, const std::string& charset);

}  // namespace evenray
