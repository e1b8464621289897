// SPDX-License-Identifier: Apache-2.0
#include "serve/http/message.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace evenray {
namespace {

constexpr size_t kMostFields = 200;
constexpr size_t kMostPartHeader = 4096;
constexpr size_t kMostBoundary = 70;  // RFC 2046

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/// Returns the value of `name` in "form-data; name=\"a\"; filename=\"b\"", "" if it is missing.
std::string parameter_of(std::string_view header, std::string_view name) {
  const std::string key = cat(name, "=");
  for (size_t at = 0; at < header.size();) {
    // Parameters follow a ';' outside quotes.
    bool quoted = false;
    size_t end = at;
    for (; end < header.size() && (quoted || header[end] != ';'); ++end) {
      if (header[end] == '\\' && quoted && end + 1 < header.size())
        ++end;
      else if (header[end] == '"')
        quoted = !quoted;
    }
    std::string part = trim(header.substr(at, end - at));
    if (lower(std::string_view(part).substr(0, key.size())) == key) {
      std::string value = part.substr(key.size());
      if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
      std::string out;
      for (size_t i = 1; i + 1 < value.size(); ++i) {
        if (value[i] == '\\' && i + 2 < value.size()) ++i;
        out += value[i];
      }
      return out;
    }
    at = end + 1;
  }
  return "";
}

}  // namespace

std::string field_of(const HttpFields& fields, std::string_view name, std::string otherwise) {
  const auto found = std::find_if(
      fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? std::move(otherwise) : found->second;
}

std::string HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpRequest::cookie(std::string_view name) const {
  for (const auto& part : split_text(header("cookie"), ';')) {
    const std::string pair = trim(part);
    const size_t at = pair.find('=');
    if (at != std::string::npos && std::string_view(pair).substr(0, at) == name)
      return pair.substr(at + 1);
  }
  return "";
}

std::optional<std::string> decode_url(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    if (is_control(c)) return std::nullopt;
    out += c;
  }
  return is_plain_utf8(out) ? std::optional(out) : std::nullopt;
}

std::string encode_url(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::optional<HttpFields> parse_fields(std::string_view text) {
  HttpFields out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t at = std::min(pair.find('='), pair.size());
    const auto name = decode_url(pair.substr(0, at), /*plus=*/true);
    const auto value = decode_url(pair.substr(std::min(at + 1, pair.size())), /*plus=*/true);
    if (!name || !value || out.size() == kMostFields) return std::nullopt;
    out.emplace_back(*name, *value);
  }
  return out;
}

bool parse_target(std::string_view target, std::string& path, HttpFields& query) {
  const size_t at = std::min(target.find('?'), target.size());
  const auto decoded = decode_url(target.substr(0, at), /*plus=*/false);
  const auto fields = parse_fields(target.substr(std::min(at + 1, target.size())));
  if (!decoded || !fields || decoded->empty() || decoded->front() != '/') return false;
  const auto segments = split_text(std::string_view(*decoded).substr(1), '/');
  for (size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "." || segments[i] == ".." || (segments[i].empty() && !last)) return false;
  }
  path = *decoded;
  query = *fields;
  return true;
}

std::optional<std::vector<FormPart>> parse_form(std::string_view content_type,
                                                std::string_view body,
                                                size_t most) {
  if (!lower(content_type).starts_with("multipart/form-data")) return std::nullopt;
  const std::string boundary = parameter_of(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kMostBoundary) return std::nullopt;
  const std::string mark = cat("--", boundary), between = cat("\r\n", mark);
  if (!body.starts_with(mark)) return std::nullopt;
  body.remove_prefix(mark.size());
  std::vector<FormPart> out;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n") || out.size() == most) return std::nullopt;
    const size_t head = body.substr(0, kMostPartHeader).find("\r\n\r\n");
    if (head == std::string_view::npos) return std::nullopt;
    FormPart part;
    for (const auto& line : split_text(body.substr(2, head - std::min<size_t>(head, 2)), '\n')) {
      const size_t colon = line.find(':');
      if (colon == std::string::npos) return std::nullopt;
      const std::string name = lower(trim(line.substr(0, colon))), value = line.substr(colon + 1);
      if (name == "content-type") part.type = lower(trim(value));
      if (name != "content-disposition") continue;
      part.name = parameter_of(value, "name");
      part.filename = parameter_of(value, "filename");
    }
    if (part.name.empty() || !is_plain_utf8(part.name) || !is_plain_utf8(part.filename))
      return std::nullopt;
    body.remove_prefix(head + 4);
    const size_t end = body.find(between);
    if (end == std::string_view::npos) return std::nullopt;
    part.content = body.substr(0, end);
    body.remove_prefix(end + between.size());
    out.push_back(part);
  }
  return out;
}

}  // namespace evenray
