// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/http/message.hpp"

namespace evenray {

/// The files of web/, which are part of the program: name and content.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_files();

/// Returns the answer to a request for one of them ("/static/app.css"); nullopt for other paths.
std::optional<HttpResponse> web_file(const std::string& path);

}  // namespace evenray
