// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// JSON that keeps the order of insertion, so that equal content gives equal bytes. Non-finite
/// numbers are written as null.
using Json = nlohmann::ordered_json;

/// Parses JSON. NaN, Infinity and -Infinity, which Python's json module writes, become null; a
/// UTF-8 byte order mark is skipped. `name`: the file, for messages. Throws 65 with the byte
/// position of the error if it is not valid JSON, or if it is nested more than 200 levels deep. The
/// time grows with the length of the text; of a key that is there twice, the last value counts.
Json parse_json(std::string_view text, const std::string& name);

/// Reads a JSON file as parse_json() does. Throws 66 if it is missing.
Json read_json(const Path& path);

/// These return the value of a key of an object, or an item, that someone else wrote: any value, a
/// list, a text, a list of finite numbers. They throw 65 with a line that names the key if it is
/// missing or has another type.
const Json& json_field(const Json& object, const char* key);
const Json& json_list(const Json& object, const char* key);
std::string json_text_field(const Json& object, const char* key);
std::vector<float> json_numbers(const Json& value, const char* what);

/// Writes json_text(value) atomically.
void write_json(const Path& path, const Json& value);

/// Returns JSON with an indent of two spaces and a newline at the end. Invalid UTF-8 is replaced by
/// U+FFFD.
std::string json_text(const Json& value);

}  // namespace evenray
