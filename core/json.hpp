// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>

#include "core/files.hpp"

namespace evenray {

/// Keeps the order of insertion, so equal content gives equal bytes. Non-finite numbers are written
/// as null.
using Json = nlohmann::ordered_json;

/// Throws 66 if missing, 65 with the place of the fault where it is not JSON.
Json read_json(const Path& path);

/// Two-space indent, newline at the end, atomically.
void write_json(const Path& path, const Json& value);

/// What write_json writes.
std::string json_text(const Json& value);

}  // namespace evenray
