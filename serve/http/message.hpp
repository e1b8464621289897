// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenray {

/// Names and values of a query or a form, in their order; a name may occur several times.
using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// Returns the first value of a name, else `otherwise`.
std::string field_of(const HttpFields& fields, std::string_view name, std::string otherwise = "");

/// A request whose sizes have been checked.
struct HttpRequest {
  std::string method;                          ///< GET, HEAD, POST, PUT or DELETE
  std::string path;                            ///< decoded, begins with '/', without the query
  HttpFields query;                            ///< decoded
  std::map<std::string, std::string> headers;  ///< by name in lower case
  std::string body;
  std::string peer;     ///< address of the client
  bool secure = false;  ///< over TLS

  /// Returns the value of a header (name in lower case), "" if it is missing.
  std::string header(const std::string& name) const;
  /// Returns the value of a cookie, "" if it is missing.
  std::string cookie(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string type = "text/html; charset=utf-8";
  HttpFields headers{};  ///< further ones; values without control characters
};

/// Decodes %XX, and '+' as a blank if `plus`. Returns nullopt for a broken escape, for a NUL or
/// another control character, and for text that is not UTF-8.
std::optional<std::string> decode_url(std::string_view text, bool plus);
/// Encodes all but letters, digits and "-._~".
std::string encode_url(std::string_view text);

/// Parses "a=1&b=2" (a query, or application/x-www-form-urlencoded). Returns nullopt for a broken
/// escape or more than 200 fields.
std::optional<HttpFields> parse_fields(std::string_view text);

/// Splits the target of a request into `path` and `query`. Returns false for one that does not
/// begin with '/', that cannot be decoded, or whose path has an empty segment, "." or "..".
bool parse_target(std::string_view target, std::string& path, HttpFields& query);

/// A part of a form with files.
struct FormPart {
  std::string name, filename, type;
  std::string_view content;  ///< within the body
};
/// Parses multipart/form-data (RFC 7578) with at most `most` parts. Returns nullopt if the body is
/// not such a form or has more parts. `content_type`: of the request.
std::optional<std::vector<FormPart>> parse_form(std::string_view content_type,
                                                std::string_view body,
                                                size_t most);

}  // namespace evenray
