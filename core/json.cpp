// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

namespace {

/// Deeper values would exhaust the stack where they are copied or written.
constexpr int kMostLevels = 200;

/// Returns the text with null for each number that JSON does not know. Throws if it is nested too
/// deep.
std::string standard_json(std::string_view text, const std::string& name) {
  std::string out;
  size_t copied = 0;
  int level = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    } else if (c == '[' || c == '{') {
      if (++level > kMostLevels)
        throw Error(
            Exit::bad_data,
            cat(name, ": nested more than ", kMostLevels, " levels deep (at byte ", at, ")"));
    } else if (c == ']' || c == '}') {
      --level;
    } else if (c == 'N' || c == 'I') {
      const std::string_view word = c == 'N' ? "NaN" : "Infinity";
      if (!text.substr(at).starts_with(word)) continue;
      const size_t start = at > 0 && text[at - 1] == '-' ? at - 1 : at;
      out += text.substr(copied, start - copied);
      out += "null";
      copied = at + word.size();
      at = copied - 1;
    }
  }
  return out += text.substr(std::min(copied, text.size()));
}

[[noreturn]] void throw_no(const char* what, const char* key) {
  throw Error(Exit::bad_data, cat("'", key, "' is missing or is not ", what));
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name) {
  try {
    return Json::parse(standard_json(text, name));
  } catch (const Json::parse_error& error) {
    throw Error(Exit::bad_data, cat(name, ": not JSON (at byte ", error.byte, ")"));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(name, ": a number is too large"));
  }
}

Json read_json(const Path& path) {
  return parse_json(read_file(path, uint64_t{1} << 30), path.string());
}

const Json& json_field(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Error(Exit::bad_data, cat("'", key, "' is missing"));
  return *found;
}

const Json& json_list(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) throw_no("a list", key);
  return *found;
}

std::string json_text_field(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) throw_no("a text", key);
  return found->get<std::string>();
}

std::vector<float> json_numbers(const Json& value, const char* what) {
  std::vector<float> out;
  if (!value.is_array()) throw_no("a list of numbers", what);
  for (const auto& item : value) {
    const bool number = item.is_number() && std::isfinite(item.get<float>());
    if (!number) throw_no("a list of finite numbers", what);
    out.push_back(item.get<float>());
  }
  return out;
}

std::string json_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_json(const Path& path, const Json& value) { write_atomic(path, json_text(value)); }

}  // namespace evenray
