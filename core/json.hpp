// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>

#include "core/files.hpp"

namespace evenray {

/// JSON that keeps the order of insertion, so that equal content gives equal bytes. Non-finite
/// numbers are written as null.
using Json = nlohmann::ordered_json;

/// Reads a JSON file. Throws 66 if it is missing, 65 with the byte position of the error if it is
/// not valid JSON.
Json read_json(const Path& path);

/// Writes json_text(value) atomically.
void write_json(const Path& path, const Json& value);

/// Returns JSON with an indent of two spaces and a newline at the end. Invalid UTF-8 is replaced by
/// U+FFFD.
std::string json_text(const Json& value);

}  // namespace evenray
