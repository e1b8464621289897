// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

Json read_json(const Path& path) {
  try {
    return Json::parse(read_file(path, uint64_t{1} << 30));
  } catch (const Json::parse_error& error) {
    throw Error(Exit::bad_data, cat(path.string(), ": not JSON (at byte ", error.byte, ")"));
  } catch (const Json::exception& error) {  // a number beyond double's range
    throw Error(Exit::bad_data, cat(path.string(), ": ", error.what()));
  }
}

std::string json_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_json(const Path& path, const Json& value) { write_atomic(path, json_text(value)); }

}  // namespace evenray
