// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

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

/// Builds a value. Json looks keys up one by one, so that building an object with its own means
/// would take a time that grows with the square of the keys.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Json root;
  size_t fault_byte = 0;
  bool too_large = false;  ///< the fault is a number

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    auto& members = level.value->get_ref<Json::object_t&>();
    const auto [at, is_new] = level.places.emplace(name, members.size());
    if (is_new) members.push_back({std::move(name), nullptr});
    place_ = &(members.begin() + static_cast<int64_t>(at->second))
                  ->second;  // of a key that is there twice, the last value counts
    return true;
  }

  bool parse_error(size_t byte,
                   const std::string&,
                   const nlohmann::detail::exception& error) override {
    constexpr int kOutOfRange = 406;
    fault_byte = byte;
    too_large = error.id == kOutOfRange;
    return false;
  }

 private:
  struct Level {
    Json* value;
    std::unordered_map<std::string, size_t> places;  ///< of an object: by key
  };

  template <class Value>
  bool add(Value&& value) {
    put(Json(std::forward<Value>(value)));
    return true;
  }
  Json* put(Json&& value) {
    if (levels_.empty()) return &(root = std::move(value));
    if (Json& top = *levels_.back().value; top.is_array()) {
      top.push_back(std::move(value));
      return &top.back();
    }
    return &(*place_ = std::move(value));
  }
  bool open(Json&& empty) {
    levels_.push_back({put(std::move(empty)), {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  std::vector<Level> levels_;
  Json* place_ = nullptr;  ///< of the value that follows a key
};

[[noreturn]] void throw_no(const char* what, const char* key) {
  throw Error(Exit::bad_data, cat("'", key, "' is missing or is not ", what));
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name) {
  Builder builder;
  if (Json::sax_parse(standard_json(text, name), &builder)) return std::move(builder.root);
  check(!builder.too_large, Exit::bad_data, cat(name, ": a number is too large"));
  throw Error(Exit::bad_data, cat(name, ": not JSON (at byte ", builder.fault_byte, ")"));
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
