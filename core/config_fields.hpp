// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside core/config*.cpp only.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// All keys of a configuration, in the order of the lines in fields().
struct Known {
  struct Field {
    std::string key;  ///< dotted: "gan.dcgan.ngf"
    FieldRef value;
    std::string help;
  };
  std::vector<Field> fields;
  std::vector<std::pair<std::string, FieldList>> lists;  ///< dotted key, list
  std::map<std::string, std::string> moved;              ///< old key -> new key

  /// Returns the field with that dotted key, or nullptr.
  const Field* find(const std::string& key) const {
    for (const Field& field : fields)
      if (field.key == key) return &field;
    return nullptr;
  }
};

/// Returns the keys of the configuration that `visit` visits.
Known collect(const Visit& visit);

/// Returns `value` as a quoted TOML string.
std::string toml_text(const std::string& value);

}  // namespace evenray
