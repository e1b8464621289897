// SPDX-License-Identifier: Apache-2.0
#include "serve/web_files.hpp"

#include "core/text.hpp"

namespace evenray {

std::optional<HttpResponse> web_file(const std::string& path) {
  constexpr std::string_view kPrefix = "/static/";
  if (!path.starts_with(kPrefix)) return std::nullopt;
  for (const auto& [name, content] : embedded_files()) {
    if (path.substr(kPrefix.size()) != name) continue;
    return HttpResponse{200,
                        std::string(content),
                        name.ends_with(".css")  ? "text/css; charset=utf-8"
                        : name.ends_with(".js") ? "text/javascript; charset=utf-8"
                                                : "image/svg+xml",
                        {{"Cache-Control", "no-cache"}}};
  }
  return HttpResponse{404, "no such file\n", "text/plain; charset=utf-8", {}};
}

}  // namespace evenray
